"""What is wrong with a request is said by its first answer, or by the plan, and nothing of it is left."""

from dataclasses import dataclass
from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, creation, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

OWN, ORCA = "/operations/createServerGroup", "/aws/ops/createServerGroup"
BASIC: Json = {
    "credentials": "test",
    "application": "nowhere",
    "amiName": "shop-1.0",
    "instanceType": "m5.large",
    "subnetType": "internal",
    "availabilityZones": {HOME: []},
    "capacity": {"min": 0, "max": 1},
}


def own(**fields: Any) -> Json:
    return creation("nowhere", **fields)


def orca(**fields: Any) -> Json:
    return BASIC | fields


REFUSALS: dict[str, tuple[str, Any, int, str]] = {
    "malformed JSON": (OWN, '{"account": ', 400, "the body is not JSON"),
    "malformed JSON at Clouddriver's door": (ORCA, '{"account": ', 400, "the body is not JSON"),
    "a list for an object": (OWN, [own()], 400, "body"),
    "a wrong type": (OWN, own(cooldown="soon"), 400, "cooldown: should be a valid integer"),
    "a wrong type at Clouddriver's door": (ORCA, orca(cooldown="soon"), 400, "cooldown: should be a valid integer"),
    "an unknown field": (OWN, own(imageId="ami-1"), 400, "imageId: is not a known field; did you mean image?"),
    "an unknown account": (OWN, own(account="prod"), 400, "'prod' is not known; known accounts: aws-account1, "),
    "an unknown account at Clouddriver's door": (
        ORCA, orca(credentials="prod"), 400, "credentials not found (name: prod, names: aws-account1, ",
    ),
    "an unknown Region": (OWN, own(region="eu-west-9"), 400, "region: 'eu-west-9' is not configured for account test"),
    "an unknown Region at Clouddriver's door": (
        ORCA, orca(availabilityZones={"eu-west-9": []}), 400, "Region not configured",
    ),
    "illegal characters": (OWN, own(stack="pr od"), 400, "stack 'pr od' contains illegal characters"),
    "illegal characters at Clouddriver's door": (ORCA, orca(stack="pr od"), 400, "illegal characters"),
    "contradictory capacity": (
        OWN, own(capacity={"min": 3, "desired": 2, "max": 1}), 400, "min (3) is greater than max (1)",
    ),
    "contradictory capacity at Clouddriver's door": (
        ORCA, orca(capacity={"min": 3, "max": 1}), 400, "min size (3) > max size (1)",
    ),
    "an unknown operation type": (
        "/operations/createServerGroups", own(), 404,
        "known types: allowLaunch, cloneServerGroup, createNetworkInterface, createServerGroup, ",
    ),
    "an unknown operation type at Clouddriver's door": ("/aws/ops/launchRocket", orca(), 400, "launchRocket"),
    "a batch in which one is wrong": (
        "/aws/ops", [{"createServerGroup": BASIC}, {"resizeServerGroup": {"credentials": "test"}}], 400, "ResizeAsg",
    ),
    "a request that is too large": (
        OWN, own(tags={f"tag-{n}": "x" * 1000 for n in range(220)}), 413, "its largest field tags has ",
    ),
    "a request that is too large at Clouddriver's door": (
        ORCA, orca(tags={f"tag-{n}": "x" * 1000 for n in range(220)}), 413, "its largest field tags has ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "said"), REFUSALS.values(), ids=REFUSALS)
def test_a_bad_request_is_told_what_to_change(path: str, body: Any, status: int, said: str, live: Live) -> None:
    got = live.ask("POST", path, body)

    assert got.status == status, got.text
    assert said in got.text
    if path.startswith("/operations"):
        assert got.headers["Content-Type"] == "application/problem+json"
    else:
        assert got.json.keys() >= {"timestamp", "status", "error", "message"}


@pytest.mark.parametrize("path", ["/operations/unknown", "/task/unknown"])
def test_an_unknown_id_is_not_found(path: str, live: Live) -> None:
    got = live.ask("GET", path)

    assert got.status == 404, got.text
    assert "unknown" in got.text


@dataclass(frozen=True)
class Unknown:
    """Something that only the plan can miss."""

    what: str
    fields: tuple[tuple[str, Any], ...]
    said: str

    def __str__(self) -> str:
        return self.what

    def __call__(self, live: Live) -> Json:
        return live.run("createServerGroup", creation(f"lost{self.what}", **dict(self.fields)))


MISSING = [
    Unknown("image", (("image", "shop-9.9"),), f"no image is named shop-9.9 in {HOME} of account test; name one"),
    Unknown("subnet", (("subnetType", None), ("subnetIds", ("subnet-1",))), "subnet subnet-1 does not exist in"),
    Unknown("target", (("targetGroups", ("no-tg",)),), "target group no-tg does not exist in"),
]


@plays(MISSING)
def test_what_the_plan_cannot_find_is_told_and_leaves_nothing(played: Json, scene: Unknown, live: Live) -> None:
    task = live.task(played["id"])
    owned = [row["pk"] for row in live.rows.all() if row["sk"] == "guard" and row.get("owner") == played["id"]]

    assert played["status"] == "ROLLED_BACK", told(played)
    assert played["error"].startswith(f"Rejected: {scene.said}")
    assert scene.said in task["status"]["status"]
    assert live.cloud(f"lost{scene.what}") == {}
    assert owned == []


@plays(MISSING[:1])  # any: what matters is that nothing runs
def test_of_a_refused_request_nothing_is_known(scene: object, quiet: Live) -> None:
    assert quiet.client.get("/operations?application=nowhere") == {"operations": [], "next": None, "degraded": []}
