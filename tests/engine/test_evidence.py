"""What the cloud tells of a failure is kept before the first undo deletes it, and never keeps an undo from its work."""

import base64
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lambdas.engine import evidence
from lambdas.rows import evidence_key
from rehearsal.fake_cloud import seeds
from rehearsal.faults import KINDS, Call, Model
from rehearsal.scenarios import ACCOUNT, CREATE, CREATES, NEW, REGION
from rehearsal.sweep import Scenario
from rehearsal.world import World
from tests.engine.doubles import not_put_back, refusing, spoiled, traced

SCRIPT = "#!/bin/sh\ncurl -u shop:hunter2 https://vault.internal/shop\n"
CONSOLE = (
    "cloud-init: + curl -u shop:hunter2 https://vault.internal/shop\nDB_PASSWORD=swordfish\nbroken: no such file\n"
)
BAD: Any = CREATE | {
    "image": seeds.BAD_IMAGE,
    "healthyWithin": 300,
    "userData": base64.b64encode(SCRIPT.encode()).decode(),
}
UNHEALTHY: Scenario = replace(CREATES, request=BAD)
"""Its instances run, and never become healthy behind their load balancers."""
FIRST = "UndoCopyAlarms"
READS = ("groups.activities", "groups.find", "instances.console", "load_balancers.target_health")


def talking(world: World) -> None:
    world.cloud.place(ACCOUNT, REGION).consoles[seeds.BAD_IMAGE] = CONSOLE


def kept(world: World, operation: str) -> Any:
    return world.table.get(evidence_key(operation))


def in_evidence(kind: str, name: str) -> Callable[[World], None]:
    """Every such read of the first undo's attempts fails in that way, as long as nothing is undone yet."""

    def spoil(world: World) -> None:
        def fails(call: Call) -> Any:
            going = world.operation and world.control(world.operation).status == "RUNNING"
            return KINDS[kind] if going and (call.where, call.name) == (FIRST, name) else None

        world.faults.models.append(fails)

    return spoil


def test_the_evidence_is_what_was_there_before_anything_was_undone() -> None:
    world, operation, before = spoiled(UNHEALTHY, talking)

    row = kept(world, operation)

    assert not_put_back(world, operation, before) == []
    assert (row["step"], row["missing"]) == ("Hold", {})
    instances = [one["id"] for one in row["kept"]["instances"]]
    assert (len(instances), {one["lifecycle"] for one in row["kept"]["instances"]}) == (2, {"InService"})
    assert row["kept"]["activities"][0] == {"status": "Successful", "message": "Launching 2 new EC2 instances"}
    failing = {"healthy": False, "reason": "Target.FailedHealthChecks"}
    assert row["kept"]["health shop-web"] == [{"instance": one, **failing} for one in instances]
    assert row["kept"][f"health {seeds.CLASSIC}"] == [{"instance": one, **failing} for one in instances]
    undone = next(one.at for one in world.cloud.deeds if one.did == "deleted" and one.name.startswith(NEW))
    assert row["at"] <= undone


def test_a_console_is_kept_without_user_data_and_without_what_looks_like_a_secret() -> None:
    world, operation, _ = spoiled(UNHEALTHY, talking)

    consoles = {name: text for name, text in kept(world, operation)["kept"].items() if name.startswith("console ")}

    assert list(consoles.values()) == ["cloud-init: + [hidden]\nDB_[hidden]\nbroken: no such file\n"] * 2


def test_only_the_end_of_a_long_console_is_kept() -> None:
    def long(world: World) -> None:
        world.cloud.place(ACCOUNT, REGION).consoles[seeds.BAD_IMAGE] = "x" * 64_000 + "the end"

    world, operation, _ = spoiled(UNHEALTHY, long)

    row = kept(world, operation)

    texts = [text for name, text in row["kept"].items() if name.startswith("console ")]
    assert {(len(text), text[-7:]) for text in texts} == {(4_000, "the end")}
    assert len(json.dumps(row)) < 20_000


def test_nothing_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    spoiled(UNHEALTHY, talking, in_evidence("bug", "load_balancers.target_health"))

    assert "broken: no such file" not in caplog.text
    assert "swordfish" not in caplog.text


def test_it_is_read_once_however_often_the_first_undo_has_to_wait() -> None:
    calls = traced(UNHEALTHY, talking)

    reads = [one.name for one in calls if one.where == FIRST]

    assert reads.count("instances.console") == 2
    assert reads.count("groups.activities") == 1


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("kind", ["before", "throttle", "reject", "bug", "hang", "kill_before", "kill_after"])
def test_whatever_becomes_of_a_read_the_undo_goes_its_way(kind: str, name: str) -> None:
    world, operation, before = spoiled(UNHEALTHY, talking, in_evidence(kind, name))

    assert not_put_back(world, operation, before) == []
    assert world.control(operation).held == 0
    assert kept(world, operation) is not None


def test_what_could_not_be_read_is_missing_with_the_reason() -> None:
    world, operation, _ = spoiled(UNHEALTHY, talking, in_evidence("before", "groups.activities"))

    row = kept(world, operation)

    assert row["missing"]["activities"].startswith("Transient: ")
    assert "activities" not in row["kept"]
    assert "instances" in row["kept"]


def test_a_function_that_dies_over_it_leaves_its_mark_and_does_not_die_again() -> None:
    world, operation, before = spoiled(UNHEALTHY, talking, in_evidence("kill_before", "groups.activities"))

    row = kept(world, operation)

    assert set(row) == {"pk", "sk", "step", "at"}
    assert not_put_back(world, operation, before) == []


def test_without_time_nothing_more_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "PATIENCE", 0.0)

    world, operation, before = spoiled(UNHEALTHY, talking)

    row = kept(world, operation)
    assert row["kept"] == {}
    assert row["missing"] == {"activities": "there was no time for it", "group": "there was no time for it"}
    assert not_put_back(world, operation, before) == []


def test_a_refused_step_leaves_evidence_too() -> None:
    def refuse(world: World) -> None:
        model: Model = refusing("ScaleUp", "groups.resize")
        world.faults.models.append(model)

    world, operation, _ = spoiled(CREATES, refuse)

    row = kept(world, operation)

    assert (row["step"], row["kept"]["instances"]) == ("ScaleUp", [])


def test_what_succeeds_reads_and_keeps_none() -> None:
    world, operation, _ = spoiled(CREATES)

    assert kept(world, operation) is None
    assert "instances.console" not in {one.name for one in traced(CREATES)}
