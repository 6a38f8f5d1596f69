"""GET /operations/{id}/evidence: why an operation failed, as the cloud told it."""

from typing import Any

from lambdas.rows import Status, Step, evidence_key
from lambdas.table import Put
from rehearsal.gateway import Answered
from tests.api.http_door import Door

RESIZE: dict[str, Any] = {
    "account": "test",
    "region": "us-east-1",
    "serverGroupName": "shop-prod-v001",
    "capacity": {"min": 1},
}
ROW: dict[str, Any] = {
    "step": "InstancesHealthy",
    "at": 1_700_000_007.0,
    "kept": {
        "activities": [{"status": "Failed", "message": "We currently do not have sufficient m5.large capacity"}],
        "instances": [{"id": "i-1", "lifecycle": "InService", "healthy": True}],
        "health shop-web": [{"instance": "i-1", "healthy": False, "reason": "Target.FailedHealthChecks"}],
        "console i-1": "broken: no such file\n",
    },
    "missing": {"health shop-classic": "Throttled: slow down"},
}


def submitted(door: Door) -> str:
    return str(door.post("/operations/resizeServerGroup", RESIZE).json["id"])


def none(got: Answered) -> str:
    assert (got.status, got.headers["Content-Type"], got.json["title"]) == (
        404,
        "application/problem+json",
        "Not Found",
    )
    return str(got.json["detail"])


def test_the_evidence_is_shown_as_it_was_kept(door: Door) -> None:
    one = submitted(door)
    door.table.write(Put(evidence_key(one), ROW))

    got = door.get(f"/operations/{one}/evidence")

    assert got.status == 200
    assert got.json == {
        "operation": one,
        "at": "2023-11-14T22:13:27Z",
        "step": "InstancesHealthy",
        "activities": ROW["kept"]["activities"],
        "instances": [{"id": "i-1", "lifecycle": "InService", "healthy": True}],
        "health": [
            {"balancer": "shop-web", "instance": "i-1", "healthy": False, "reason": "Target.FailedHealthChecks"}
        ],
        "consoles": [{"instance": "i-1", "text": "broken: no such file\n"}],
        "missing": [{"what": "health shop-classic", "why": "Throttled: slow down"}],
        "link": f"/operations/{one}",
    }


def test_where_its_reader_died_all_of_it_is_missing(door: Door) -> None:
    one = submitted(door)
    door.table.write(Put(evidence_key(one), {"step": "Resize", "at": 1_700_000_007.0}))

    told = door.get(f"/operations/{one}/evidence").json

    assert told["missing"] == [{"what": "everything", "why": "the function that read it died"}]
    assert (told["activities"], told["health"], told["consoles"]) == ([], [], [])


def test_an_operation_that_was_put_back_leads_to_it_and_shows_nothing_of_it(door: Door) -> None:
    one = submitted(door)
    assert door.get(f"/operations/{one}").json["links"]["evidence"] is None
    door.table.write(Put(evidence_key(one), ROW))
    door.journal(one, Step("UndoResize", 1, ended=1_700_000_009.0, did="gave it 1/1/1 again"))
    door.ended(one, Status.ROLLED_BACK)

    view, exported = door.get(f"/operations/{one}"), door.get("/operations/export")

    assert view.json["links"]["evidence"] == f"/operations/{one}/evidence"
    assert "no such file" not in view.text + exported.text


def test_what_was_not_put_back_has_none(door: Door) -> None:
    one = submitted(door)

    told = none(door.get(f"/operations/{one}/evidence"))

    assert told == f"operation {one} has no evidence: nothing of it was put back"


def test_an_unknown_operation_has_none(door: Door) -> None:
    told = none(door.get("/operations/nope/evidence"))

    assert told == "there is no operation nope; GET /operations lists those that run"


def test_a_batch_names_its_operations(door: Door) -> None:
    description = {"credentials": "test", "asgName": "app-v001", "region": "us-east-1", "capacity": {"min": 1}}
    batch = door.post("/aws/ops", [{"resizeServerGroup": description}] * 2).json["id"]

    told = none(door.get(f"/operations/{batch}/evidence"))

    assert told == f"{batch} is a batch; evidence is of each of its operations: {batch}-0, {batch}-1"
