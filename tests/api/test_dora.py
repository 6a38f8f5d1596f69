"""DORA's four figures, from operations that ended one way or another."""

from typing import Any

import pytest

from lambdas.rows import Status
from tests.api.http_door import Door

DAY = 86_400.0
CREATE = {
    "account": "test",
    "region": "us-west-1",
    "application": "shop",
    "stack": "prod",
    "image": "ami-0123456789abcdef0",
    "instanceType": "m5.large",
    "capacity": {"min": 1, "desired": 2, "max": 4},
    "subnetType": "internal",
}


class History:
    """Operations of shop-prod, each accepted and closed at times of ours."""

    def __init__(self, door: Door) -> None:
        self.door, self.now = door, door.hub.now()

    def one(self, ago: float, took: float, status: Status, error: str | None = None, saga: str | None = None) -> None:
        made = self.door.post("/operations/createServerGroup", CREATE)
        assert made.status == 202, made.text
        accepted = self.now - ago
        more: dict[str, Any] = {"saga": saga} if saga else {}
        self.door.change(
            made.json["id"],
            accepted=accepted,
            started=accepted + 1,
            closed=accepted + took,
            status=status,
            error=error,
            due=None,
            backlog=None,
            **more,
        )

    @property
    def figures(self) -> dict[str, Any]:
        got = self.door.get("/applications/shop/dora")
        assert got.status == 200, got.text
        told: dict[str, Any] = got.json
        return told


@pytest.fixture
def history(door: Door) -> History:
    return History(door)


def test_of_an_application_that_was_never_deployed_nothing_is_known(history: History) -> None:
    told = history.figures

    assert (told["deployments"], told["deploymentsPerDay"], told["complete"]) == (0, 0, True)
    assert (told["leadTimeSeconds"], told["changeFailureRate"], told["timeToRestoreSeconds"]) == (None, None, None)


def test_frequency_and_lead_time_are_of_deployments_that_succeeded(history: History) -> None:
    for days, took in ((1, 100), (2, 200), (3, 600)):
        history.one(days * DAY, took, Status.SUCCEEDED)
    history.one(4 * DAY, 50, Status.SUCCEEDED, saga="ResizeServerGroup")

    told = history.figures

    assert (told["deployments"], told["deploymentsPerDay"], told["leadTimeSeconds"]) == (3, 0.1, 200)
    assert told["changeFailureRate"] == 0


def test_what_was_put_back_is_a_failure_that_was_restored_when_it_was(history: History) -> None:
    history.one(5 * DAY, 100, Status.SUCCEEDED)
    history.one(4 * DAY, 901, Status.ROLLED_BACK, "NotInTime: 0 of 2 instances healthy")
    history.one(3 * DAY, 400, Status.ROLLED_BACK, "Cancelled: cancelled by somebody")

    told = history.figures

    assert (told["failed"], told["changeFailureRate"], told["timeToRestoreSeconds"]) == (1, 0.5, 900)


def test_what_called_a_person_is_restored_by_the_next_that_succeeds(history: History) -> None:
    history.one(4 * DAY, 100, Status.NEEDS_ATTENTION, "Abandoned: nobody decided")
    history.one(3 * DAY, 200, Status.SUCCEEDED)

    told = history.figures

    assert (told["failed"], told["timeToRestoreSeconds"]) == (1, DAY + 100)


def test_a_deployment_after_which_another_group_is_enabled_again_has_failed_too(history: History) -> None:
    history.one(4 * DAY, 100, Status.SUCCEEDED)
    history.one(4 * DAY - 3600, 60, Status.SUCCEEDED, saga="EnableServerGroup")

    told = history.figures

    assert (told["deployments"], told["failed"], told["reverted"]) == (1, 0, 1)
    assert (told["changeFailureRate"], told["timeToRestoreSeconds"]) == (1, 3560)


def test_only_what_was_accepted_in_that_time_counts(history: History) -> None:
    history.one(40 * DAY, 100, Status.SUCCEEDED)
    history.one(1 * DAY, 100, Status.SUCCEEDED)

    assert history.figures["deployments"] == 1


def test_a_span_that_ends_before_it_begins_is_refused(door: Door) -> None:
    got = door.get("/applications/shop/dora?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")

    assert (got.status, "later than" in got.json["detail"]) == (400, True)


def test_a_parameter_that_there_is_not_is_refused(door: Door) -> None:
    got = door.get("/applications/shop/dora?since=2026-02-01")

    assert (got.status, got.json["errors"][0]["field"]) == (400, "since")
