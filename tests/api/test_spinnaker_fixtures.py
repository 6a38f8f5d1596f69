"""Real request bodies get the answers that Clouddriver gives them.

The bodies are facts from outside this repository (`$WINDLASS_FIXTURES`, or `../shared/fixtures` beside it).
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.engine.tasks import by_name
from lambdas.requests.upsert_load_balancer import UpsertLoadBalancer
from statemachines import ALL
from tests.api.http_door import Door

FIXTURES = Path(os.environ.get("WINDLASS_FIXTURES", Path(__file__).parents[2] / "../shared/fixtures")) / "spinnaker"
OURS = ("01", "02", "05", "06", "12", "15", "16", "19", "21", "22", "25", "26")
"""Those of the operations that there are."""
FOREIGN = {"kato.tasks": [{"id": str(n), "history": "x" * 1000} for n in range(2000)], "moniker": {"app": "app"}}


@cache
def fixture(number: str) -> dict[str, Any]:
    """Empty where the fixtures are not."""
    found = sorted(FIXTURES.glob(f"{number}_*.json"))
    return json.loads(found[0].read_text()) if found else {}


def with_foreign_context(body: Any) -> Any:
    if isinstance(body, list):
        return [{name: FOREIGN | description for name, description in one.items()} for one in body]
    return FOREIGN | body


@pytest.mark.skipif(not fixture("01"), reason=f"no fixtures at {FIXTURES}")
@pytest.mark.parametrize("foreign", [False, True], ids=["as sent", "with 2 MB of foreign context"])
@pytest.mark.parametrize("number", OURS)
def test_a_real_body_gets_clouddrivers_answer(door: Door, number: str, *, foreign: bool) -> None:
    door.sagas = by_name(ALL)
    for name in ("credentials", "default", "fzlem"):
        accounts.put(door.table, Account(name, "123456789012", ("us-east-1",)))
    given = fixture(number)
    method, path = given["route"].split()
    expect = {"status": 200, "resourceUri": "/task/{id}"} | given.get("expect", {})

    got = door(method, path, with_foreign_context(given["body"]) if foreign else given["body"])

    assert got.status == expect["status"], got.text
    if "message" in expect:
        assert got.json["message"] == expect["message"]
        assert len(got.json["errors"]) == expect["errorsCount"]
        assert got.json["errors"][0].endswith(expect["errors[0]_endsWith"])
    else:
        assert got.json["resourceUri"] == expect["resourceUri"].replace("{id}", got.json["id"])


@pytest.mark.skipif(not fixture("36"), reason=f"no fixtures at {FIXTURES}")
def test_a_task_has_every_field_of_clouddrivers(door: Door) -> None:
    recorded = fixture("36")["body"]
    description = {"credentials": "test", "asgName": "app-v001", "region": "us-east-1", "capacity": {"min": 1}}
    task = door.post("/aws/ops/resizeServerGroup", description).json["id"]

    got = door.get(f"/task/{task}").json

    assert recorded.keys() <= got.keys()
    assert recorded["status"].keys() == got["status"].keys()
    assert {"phase", "status"} == got["history"][0].keys()


@pytest.mark.skipif(not fixture("18"), reason=f"no fixtures at {FIXTURES}")
def test_a_load_balancers_string_ports_are_numbers_and_what_the_recording_left_out_is_refused(door: Door) -> None:
    """Recorded from Clouddriver's converter, which comes before its validator."""
    door.sagas = by_name(ALL)
    method, path = (given := fixture("18"))["route"].split()
    kind = "createAmazonLoadBalancerDescription"
    listeners = [one | {"externalProtocol": "HTTP"} for one in given["body"]["listeners"]]
    whole = given["body"] | {
        "name": "shop-old",
        "subnetType": "internal",
        "availabilityZones": {"us-east-1": []},
        "listeners": listeners,
    }

    refused, accepted = door(method, path, given["body"]), door(method, path, whole)

    assert refused.status == 400
    assert refused.json["errors"] == [
        f"{kind}.missing.name.or.clusterName",
        f"{kind}.missing.subnetType.or.availabilityZones",
    ]
    assert accepted.status == 200, accepted.text
    (request,) = UpsertLoadBalancer.of_clouddriver(whole, {"test": Account("test", "123456789012", ("us-east-1",))})
    assert [(one.port, one.instance_port) for one in request.classic_listeners] == [(80, 25), (7001, 7001)]
