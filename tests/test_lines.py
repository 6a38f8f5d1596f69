"""Every line tells of the operation that it is about, whichever logger writes it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from aws_lambda_powertools import Logger

from lambdas import lines
from lambdas.engine import intake
from rehearsal.faults import KINDS
from rehearsal.scenarios import CREATES
from rehearsal.world import World

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CALLER = intake.Caller("arn:aws:iam::123456789012:role/orca", "jo@example.com")


class Log:
    """What Powertools' logger of that name writes, and the loggers below it."""

    def __init__(self, name: str) -> None:
        self.name, self.stream = name, io.StringIO()
        lines.install(Logger(service=name, stream=self.stream).registered_handler)

    def say(self, words: str, below: str = "", **more: str) -> dict[str, object]:
        logging.getLogger(self.name + below).warning(words, extra=more)
        told: dict[str, object] = json.loads(self.stream.getvalue().splitlines()[-1])
        return told


@pytest.fixture
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    lines.begin()
    yield Log(f"windlass.{request.node.name}")
    lines.begin()


def accepted(trace: str | None) -> tuple[World, str]:
    world = CREATES.world()
    terms = intake.Terms("windlass", None, CREATES.saga(world).finish_by, trace)
    return world, world.submit(CREATES.operation, CREATES.request, caller=CALLER, terms=terms)


@pytest.mark.parametrize(("trace", "name"), [("01ABC", "spinnaker"), (TRACEPARENT, "traceparent")])
def test_a_line_about_a_row_that_was_read_tells_whose_it_is(log: Log, trace: str, name: str) -> None:
    world, operation = accepted(trace)
    world.run(operation)

    told = log.say("something", below=".sweep")

    assert (told["operation"], told["saga"], told["execution"]) == (operation, "CreateServerGroup", operation)
    assert (told["caller"], told["user"], told[name]) == (CALLER.principal, CALLER.user, trace)


def test_a_line_of_an_attempt_tells_which_it_is(log: Log) -> None:
    world, operation = accepted(None)
    told: list[dict[str, object]] = []
    world.faults.watch(lambda call: told.append(log.say("called")) if call.where == "ScaleUp" else None)
    world.faults.models.append(lambda call: KINDS["before"] if call.name == "groups.resize" and len(told) < 9 else None)
    world.run(operation)

    attempts = [one["attempt"] for one in told if one["step"] == "ScaleUp" and "attempt" in one]
    assert attempts == sorted(attempts)  # type: ignore[type-var]
    assert {1, 2} <= set(attempts)
    assert {one["operation"] for one in told} == {operation}


def test_what_another_invocation_was_about_is_forgotten(log: Log) -> None:
    accepted("01ABC")
    lines.begin()

    assert not {"operation", "caller", "spinnaker"} & set(log.say("something"))


def test_what_a_line_says_itself_stays(log: Log) -> None:
    world, operation = accepted(None)
    world.run(operation)

    assert log.say("something", operation="another")["operation"] == "another"
