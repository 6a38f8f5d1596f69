"""Competing actors: what they do, what is right then, and that a wrong deed of Windlass would be noticed."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lambdas.cloud import Capacity
from lambdas.rows import Guard, Status, control_key, guard_key, item_of
from lambdas.table import Put
from rehearsal import scenarios
from rehearsal.contest import Contest, Verdict
from rehearsal.crew import CLOUDDRIVER
from rehearsal.fake_cloud import Deed
from rehearsal.models import parse
from rehearsal.runs import Rehearsal
from rehearsal.score import Plan, casts
from rehearsal.trials import Scenario

OPERATIONS = (
    *(scenarios.CREATES, scenarios.RESIZES, scenarios.DESTROYS),
    *(scenarios.ENABLES, scenarios.DISABLES, scenarios.RESUMES),
)
MODELS = ("autoscaler", "person", "others", "autoscaler+person+others", "autoscaler+signals", "others+signals")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def rehearsal(faults: str, scenario: Scenario = scenarios.CREATES) -> Rehearsal:
    return Rehearsal(scenario, parse(faults))


@pytest.mark.parametrize("faults", MODELS)
@pytest.mark.parametrize("scenario", OPERATIONS, ids=lambda scenario: scenario.name)
def test_whoever_else_is_at_work_every_operation_ends_right(scenario: Scenario, faults: str) -> None:
    runs = rehearsal(faults, scenario)

    outcomes = [runs.run(seed) for seed in range(25)]

    assert [(one.seed, one.wrong) for one in outcomes if one.wrong] == []


def test_an_autoscaler_changes_the_new_group_too_and_keeps_nobody_from_success() -> None:
    runs, scaled = rehearsal("autoscaler:10"), list[Deed]()

    for seed in range(20):
        assert runs.run(seed).end == Status.SUCCEEDED
        scaled += [one for one in strangers(runs) if one.name == scenarios.NEW]

    assert scaled
    assert all(isinstance(one.what, Capacity) and (one.what.min, one.what.max) == (1, 4) for one in scaled)


def test_a_stranger_who_takes_the_planned_name_keeps_his_group_and_the_operation_names_it() -> None:
    runs = rehearsal("person:3")

    taken = next(seed for seed in range(200) if "was made by somebody else" in error_of(runs, seed))
    outcome = runs.run(taken)

    assert (outcome.end, outcome.wrong) == (Status.ROLLED_BACK, "")
    assert scenarios.NEW in error_of(runs, taken)
    assert any(one.did == "created" and one.name == scenarios.NEW for one in strangers(runs))
    assert scenarios.NEW in runs.world.cloud.place(scenarios.ACCOUNT, scenarios.REGION).groups.things


def test_other_operations_are_accepted_meanwhile_and_each_reaches_an_end() -> None:
    runs, sagas = rehearsal("others:4"), set[str]()

    for seed in range(30):
        runs.run(seed)
        controls = [runs.world.control(one) for one in runs.world.others]
        sagas |= {one.saga for one in controls}
        assert all(one.status.over for one in controls)

    assert sagas == {"CreateServerGroup", "ResizeServerGroup", "DestroyServerGroup"}


@pytest.mark.parametrize("faults", ["autoscaler:5", "person:5", "others:5"])
def test_the_same_seed_is_the_same_contest_in_a_world_used_before(faults: str) -> None:
    used, fresh = rehearsal(faults), rehearsal(faults)
    for seed in range(10):
        used.run(seed)

    assert used.run(77) == fresh.run(77)
    assert used.world.cloud.deeds == fresh.world.cloud.deeds


def test_rivals_rest_where_there_is_no_operation_any_more() -> None:
    runs = rehearsal("person:50:3000", scenarios.RESUMES)
    runs.run(1)

    closed = runs.world.control(runs.world.operation).closed or 0.0
    assert strangers(runs)
    assert max(one.at for one in strangers(runs)) <= closed


def strangers(runs: Rehearsal) -> list[Deed]:
    return [one for one in runs.world.cloud.deeds if not one.operation]


def error_of(runs: Rehearsal, seed: int) -> str:
    runs.run(seed)
    return runs.world.control(runs.world.operation).error or ""


# That it would be noticed: a sound run, and then one thing that is wrong.


@pytest.fixture
def sound() -> Rehearsal:
    runs = rehearsal("person:0")
    assert runs.run(1).wrong == ""
    return runs


def judged(runs: Rehearsal) -> Verdict:
    return Contest(runs.world, runs.before, runs.after, runs.made, runs.right, runs.unexplained).verdict()


def test_a_deed_on_what_is_somebody_elses(sound: Rehearsal) -> None:
    hands = sound.world.cloud.cloud(scenarios.ACCOUNT, scenarios.REGION, sound.world.operation)
    hands.groups.suspend(scenarios.NEIGHBOUR, ["AZRebalance"])

    verdict = judged(sound)

    assert "suspended processes of group shop-prod-v000, not its own" in verdict.wrong
    assert verdict.orphans == ("prod/us-east-1 group shop-prod-v000: suspended processes was (), is ('AZRebalance',)",)


def test_what_a_stranger_did_is_nobodys_fault(sound: Rehearsal) -> None:
    hands = sound.world.cloud.cloud(scenarios.ACCOUNT, scenarios.REGION)
    hands.groups.suspend(scenarios.NEIGHBOUR, ["AZRebalance"])

    assert judged(sound) == Verdict((), "")


def test_something_that_nobody_says_he_did(sound: Rehearsal) -> None:
    place = sound.world.cloud.place(scenarios.ACCOUNT, scenarios.REGION)
    place.group_is(scenarios.NEIGHBOUR, capacity=Capacity(0, 0, 0))

    assert judged(sound).orphans == ("prod/us-east-1 group shop-prod-v000: capacity was 1/2/3, is 0/0/0",)


def test_a_guard_that_is_kept(sound: Rehearsal) -> None:
    sound.world.table.write(Put(guard_key("shop"), item_of(Guard("shop", 1, "somebody"))))

    assert judged(sound).wrong == "guard shop is kept by somebody, and [] wait for it"


def test_a_second_group_of_one_operation(sound: Rehearsal) -> None:
    place = sound.world.cloud.place(scenarios.ACCOUNT, scenarios.REGION)
    place.note("created", "group", "shop-prod-v003", sound.world.operation)

    assert judged(sound).wrong.endswith("made shop-prod-v002, shop-prod-v003")


def test_an_end_without_a_rival_to_name() -> None:
    runs = rehearsal("person:0")
    runs.run(1)
    runs.world.table.write(*_closed_as(runs, Status.ROLLED_BACK, "Rejected: no reason at all"))

    verdict = judged(runs)

    assert verdict.wrong.endswith("names nothing that was taken from it: Rejected: no reason at all")
    assert any(f"group {scenarios.NEW} of {runs.world.operation} is there" in line for line in verdict.orphans)


def _closed_as(runs: Rehearsal, status: Status, error: str) -> Iterator[Put]:
    key = control_key(runs.world.operation)
    row = runs.world.table.peek(key)
    yield Put(
        key,
        {name: value for name, value in row.items() if name not in ("pk", "sk")}
        | {"status": status.value, "error": error},
    )


def test_two_operations_at_work_on_one_group(sound: Rehearsal) -> None:
    place = sound.world.cloud.place(scenarios.ACCOUNT, scenarios.REGION)
    for operation in (sound.world.operation, "another", sound.world.operation):
        place.note("resized", "group", scenarios.NEW, operation, Capacity(1, 2, 4))

    told = list(Contest(sound.world, {}, {}, "", sound.right, sound.unexplained)._at_once(scenarios.NEW))

    assert told == [
        f"{scenarios.NEW} was worked on by several operations at once: {sound.world.operation}, another, "
        f"{sound.world.operation}"
    ]


def test_clouddrivers_policy_is_not_compared_where_nobody_says_what_is_right() -> None:
    plan = Plan(("createServerGroup",), "person", 1.0, 10, 0, 1)

    assert {cast.policy for cast, _ in casts(plan)} == {"windlass"}
    assert {cast.policy for cast, _ in casts(replace(plan, faults="signals"))} == {"windlass", CLOUDDRIVER}
