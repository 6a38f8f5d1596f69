"""Which services are in trouble, and what becomes of waits and holds that cannot be answered or asked for just now."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lambdas.engine import heartbeat
from lambdas.engine.troubles import FORGOTTEN, Trouble, Troubles
from lambdas.errors import NotFound, Rejected, Throttled, Transient
from rehearsal import scenarios
from rehearsal.fake_cloud import Manners
from rehearsal.faults import KINDS, Call, Kind
from rehearsal.trials import Scenario
from rehearsal.world import World
from tests.engine.crowd import Crowd
from tests.engine.doubles import kept


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def fail(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("error", [Transient("no answer"), Throttled("rate exceeded")])
def test_a_service_is_in_trouble_where_every_call_of_it_failed(error: Exception) -> None:
    troubles = Troubles(lambda: 100.0, {})
    with pytest.raises(type(error)):
        troubles.met("states", lambda: fail(error))
    assert troubles.left == {"states": Trouble(100.0, 100.0)}

    assert troubles.met("states", lambda: "fine") == "fine"

    assert troubles.left == {}


@pytest.mark.parametrize("error", [NotFound("there is none"), Rejected("no")])
def test_a_service_that_refuses_answers(error: Exception) -> None:
    troubles = Troubles(lambda: 100.0, {"states": Trouble(10.0, 90.0)})

    with pytest.raises(type(error)):
        troubles.met("states", lambda: fail(error))

    assert troubles.left == {}


def test_trouble_that_goes_on_keeps_its_beginning_and_what_nobody_meets_is_forgotten() -> None:
    known = {"states": Trouble(10.0, 90.0), "sqs": Trouble(10.0, 99.0 - FORGOTTEN), "a/b ec2": Trouble(20.0, 95.0)}
    troubles = Troubles(lambda: 100.0, known)

    with pytest.raises(Transient):
        troubles.met("states", lambda: fail(Transient("no answer")))

    assert troubles.left == {"states": Trouble(10.0, 100.0), "a/b ec2": Trouble(20.0, 95.0)}


@pytest.mark.parametrize(
    ("port", "name"), [("groups", "prod/us-east-1 autoscaling"), ("machines", "states"), ("sweeper", "sqs")]
)
def test_a_sweep_leaves_word_of_what_did_not_answer_and_takes_it_back(port: str, name: str) -> None:
    world = Crowd()
    world.join(1)
    world.clock.drain(6)
    world.serve("prod", "prod-v0000")
    back = world.faults.on(lambda call: call.startswith(port), lambda call: KINDS["before"])
    world.clock.drain(70)

    met = heartbeat.read(world.plain).troubles
    back()
    world.join(1, account="test")
    world.clock.drain(70)

    assert list(met) == [name]
    assert heartbeat.read(world.plain).troubles == {}
    assert world.open() == 1


TOKENS = ("machines.succeed", "machines.fail")


def unanswered(rehearsed: Scenario, *names: str) -> tuple[World, Counter[str]]:
    """A run in which these calls fail wherever a Task makes them: only the sweep's come through.

    Of each state that holds a token, how often it was invoked.
    """
    world, invoked = rehearsed.world(), Counter[str]()

    def down(call: Call) -> Kind | None:
        return KINDS["before"] if call.name in names and call.where not in ("sweep", "intake") else None

    world.faults.models.append(down)
    world.invocations.append(lambda where: invoked.update([where]))
    world.run(world.submit(rehearsed.operation, rehearsed.request))
    holding = {"Guard", "Hold", "NothingLeft"} | {wait.name for saga in world.sagas.values() for wait in saga.waits}
    return world, Counter({state: times for state, times in invoked.items() if state in holding})


HOLDS = replace(
    scenarios.CREATES, name="held", request=scenarios.CREATE | {"healthyWithin": 10}, manners=Manners(boot=40)
)
"""Not in time, which its hold answers at once: it goes back."""


@pytest.mark.parametrize("rehearsed", [scenarios.CREATES, scenarios.RESIZES, HOLDS], ids=lambda one: str(one.name))
@pytest.mark.parametrize("names", [TOKENS, ("sweeper.after",), (*TOKENS, "sweeper.after")])
def test_what_cannot_be_answered_or_asked_for_fails_no_task_and_loses_no_wait(
    rehearsed: Scenario, names: tuple[str, ...]
) -> None:
    calm, plain = unanswered(rehearsed)
    world, invoked = unanswered(rehearsed, *names)

    (path,), (struck,) = (list(one.machines.executions.values()) for one in (calm, world))
    assert ("Hold" in invoked) == (rehearsed is HOLDS)
    assert (struck.path, invoked) == (path.path, plain)
    assert set(invoked.values()) == {1}
    assert list(kept(world, world.operation)) == []
