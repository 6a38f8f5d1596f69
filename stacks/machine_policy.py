"""What no compiled machine may break, whoever wrote its saga: our own policy over Amazon States Language.

It reads the definition alone, as Step Functions gets it, and knows nothing of the compiler that wrote it: a rule here
is the second opinion on the code that should have kept it. `RULES` is the policy; each rule answers what is wrong, in
sentences. `python -m stacks.machine_policy FILE…` judges files, and every synth judges what it deploys.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lambdas.errors import FINAL

Json = dict[str, Any]

ENDS = {"Succeeded": "Succeed", "RolledBack": "Fail", "NeedsAttention": "Fail"}
"""The three ends, and no more."""
KINDS = frozenset(("Task", "Choice", "Pass", "Succeed", "Fail"))
"""No Map, no Parallel, no Wait: several independent interpreters read this much."""
FUNCTION_TIMEOUT = 60
"""Seconds that any function of the machines may take at most (`stacks.functions`)."""
LONGEST_TASK, LONGEST_WAIT, LONGEST_RUN = 120, 7 * 86_400, 30 * 86_400
"""Seconds of a Task that calls a function, of one that waits for a token, of an execution."""
LONGEST_DELAY, FEWEST_ATTEMPTS = 120, 124
"""Of the retrier that outlasts two hours: see `saga.compiler.ATTEMPTS`."""
WAITS = "arn:aws:states:::lambda:invoke.waitForTaskToken"
HOLE = re.compile(r"\$\{[A-Z]\w*Function\}")
PATHS = {
    "operation.$": ("$.operation",),
    "execution.$": ("$$.Execution.Name",),
    "last.$": ("$.last",),
    "plan.$": ("$.plan",),
    "token.$": ("$$.Task.Token",),
    "entered.$": ("$$.State.EnteredTime",),
    "error.$": ("$.error.Error", "$.undoError.Error"),
    "cause.$": ("$.error.Cause", "$.undoError.Cause"),
}
"""All that a function is ever given: never the whole state, so that no request and no secret gets into a history."""
TEXTS = frozenset(("saga", "step"))
RESULTS = frozenset(("$.plan", "$.last", "$.decided"))
CAUGHT = frozenset(("$.error", "$.undoError", "$.decision"))
LARGEST, LONGEST_NAME = 1_000_000, 80
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
SECRETS = re.compile(r"A[KS]IA[0-9A-Z]{16}|-----BEGIN|whsec_|(?i:password|user_?data)")
BACK = re.compile(r"Undo[A-Z]\w*|NothingLeft|PutBack|Interrupted|LandedLate|HoldUndo")


class AgainstPolicy(ValueError):
    """A machine that must not be deployed."""


@dataclass(frozen=True)
class Machine:
    definition: Json

    @cached_property
    def states(self) -> Mapping[str, Json]:
        found: Json = self.definition["States"]
        return found

    @cached_property
    def tasks(self) -> Mapping[str, Json]:
        return {name: state for name, state in self.states.items() if state["Type"] == "Task"}

    def reachable(self, start: str) -> set[str]:
        seen: set[str] = set()
        new = {start}
        while new:
            seen |= new
            new = {one for name in new for one in self.next_of(name) if one in self.states} - seen
        return seen

    def next_of(self, name: str) -> Iterator[str]:
        """Every state that this one may lead to."""
        state = self.states[name]
        yield from (one["Next"] for one in (state, *state.get("Catch", ()), *state.get("Choices", ())) if "Next" in one)
        yield from (state["Default"],) if "Default" in state else ()


Rule = Callable[[Machine], Iterator[str]]


def only_known_kinds(machine: Machine) -> Iterator[str]:
    """States are of the five kinds that every interpreter reads alike, in JSONPath."""
    for name, state in machine.states.items():
        if state["Type"] not in KINDS:
            yield f"{name}: a {state['Type']} is no kind of state of ours"
        if "QueryLanguage" in state or "Assign" in state:
            yield f"{name}: JSONata and variables are not ours"


def three_ends(machine: Machine) -> Iterator[str]:
    """The machine ends in Succeeded, RolledBack or NeedsAttention, and nowhere else."""
    for name, kind in ENDS.items():
        if machine.states.get(name, {}).get("Type") != kind:
            yield f"{name}: is missing, or no {kind}"
    for name, state in machine.states.items():
        if name not in ENDS and (state.get("End") or state["Type"] in ENDS.values()):
            yield f"{name}: ends the execution, and is none of the three ends"


def every_state_is_entered(machine: Machine) -> Iterator[str]:
    """No state that nothing leads to."""
    for name in sorted(set(machine.states) - machine.reachable(machine.definition["StartAt"])):
        yield f"{name}: nothing leads there"


def every_state_ends(machine: Machine) -> Iterator[str]:
    """From every state there is a way to an end, and every name that is led to is there."""
    for name in machine.states:
        if missing := [one for one in machine.next_of(name) if one not in machine.states]:
            yield f"{name}: leads to {', '.join(missing)}, which is not there"
        if not ENDS.keys() & machine.reachable(name):
            yield f"{name}: leads to no end"


def choices_have_a_default(machine: Machine) -> Iterator[str]:
    """States.NoChoiceMatched would end the execution without an undo."""
    for name, state in machine.states.items():
        if state["Type"] == "Choice" and "Default" not in state:
            yield f"{name}: has no Default"


def tasks_outlast_their_functions(machine: Machine) -> Iterator[str]:
    """A Task's own time is longer than its function's, so that a function is never alive after its state."""
    for name, state in machine.tasks.items():
        longest = LONGEST_WAIT if state["Resource"] == WAITS else LONGEST_TASK
        limit = state.get("TimeoutSeconds", 0)
        if not FUNCTION_TIMEOUT < limit <= longest:
            yield f"{name}: has {limit} s, which is not within {FUNCTION_TIMEOUT} and {longest}"


def the_execution_has_a_backstop(machine: Machine) -> Iterator[str]:
    """TIMED_OUT cannot be caught: it lies beyond every Task, and there is one."""
    limit = machine.definition.get("TimeoutSeconds", 0)
    longest = max((state.get("TimeoutSeconds", 0) for state in machine.tasks.values()), default=0)
    if not longest < limit <= LONGEST_RUN:
        yield f"the execution has {limit} s, which is not within {longest} and {LONGEST_RUN}"


def decisions_are_never_retried(machine: Machine) -> Iterator[str]:
    """The first retrier names every final error with no attempt: a retry would ask again what was decided."""
    for name, state in machine.tasks.items():
        first = (state.get("Retry") or [{}])[0]
        missing = set(FINAL) - set(first.get("ErrorEquals", ()))
        if first.get("MaxAttempts") != 0 or missing:
            yield f"{name}: its first retrier must have 0 attempts and name {', '.join(sorted(missing)) or 'them'}"


def a_token_is_waited_for_once(machine: Machine) -> Iterator[str]:
    """A wait that is over is not begun again by its own time-out."""
    for name, state in machine.tasks.items():
        if state["Resource"] == WAITS and "States.Timeout" not in state["Retry"][0]["ErrorEquals"]:
            yield f"{name}: retries States.Timeout"


def all_else_is_retried_with_full_jitter(machine: Machine) -> Iterator[str]:
    """The last retrier has everything, doubling up to two minutes with full jitter, for two hours and longer."""
    for name, state in machine.tasks.items():
        last = (state.get("Retry") or [{}])[-1]
        patient = last.get("MaxAttempts", 0) >= FEWEST_ATTEMPTS and last.get("BackoffRate", 0) >= 2
        gentle = last.get("JitterStrategy") == "FULL" and 0 < last.get("MaxDelaySeconds", 0) <= LONGEST_DELAY
        if last.get("ErrorEquals") != ["States.ALL"] or not patient or not gentle:
            yield f"{name}: its last retrier is not States.ALL, doubling, full jitter, {FEWEST_ATTEMPTS} attempts"


def everything_is_caught(machine: Machine) -> Iterator[str]:
    """Each Task catches States.ALL: an error that nobody catches ends the execution without an undo."""
    for name, state in machine.tasks.items():
        if (state.get("Catch") or [{}])[-1].get("ErrorEquals") != ["States.ALL"]:
            yield f"{name}: its last catcher is not States.ALL"


def the_way_back_stays_the_way_back(machine: Machine) -> Iterator[str]:
    """Once an undo has begun, no step goes forward again."""
    forward = {name for name in machine.tasks if f"Undo{name}" in machine.states}
    for name in machine.states:
        if BACK.fullmatch(name) and (again := forward & machine.reachable(name)):
            yield f"{name}: leads forward again, to {', '.join(sorted(again))}"


def only_our_own_functions_are_called(machine: Machine) -> Iterator[str]:
    """Resources are holes that the stack fills with its own aliases, and the one integration that waits."""
    for name, state in machine.tasks.items():
        waits = state["Resource"] == WAITS
        called = state["Parameters"].get("FunctionName", "") if waits else state["Resource"]
        if not HOLE.fullmatch(str(called)):
            yield f"{name}: calls {called!r}, which is no hole of the form ${{…Function}}"


def input_is_bounded(machine: Machine) -> Iterator[str]:
    """A function gets what is named in PATHS and nothing else; a Pass writes the same few fields."""
    for name, state in machine.tasks.items():
        given = state["Parameters"]
        yield from (f"{name}: {said}" for said in _unbounded(given.get("Payload", given)))
        if {"InputPath", "ResultSelector"} & state.keys():
            yield f"{name}: InputPath and ResultSelector are not ours"


def tokens_go_where_they_are_waited_for(machine: Machine) -> Iterator[str]:
    """A task token reaches only the function that registers it, and each wait hands its own on."""
    for name, state in machine.tasks.items():
        given = state["Parameters"].get("Payload", state["Parameters"])
        if ("token.$" in given) is not (state["Resource"] == WAITS):
            yield f"{name}: waits for a token that it hands to nobody, or hands on one that nobody waits for"


def state_data_stays_small(machine: Machine) -> Iterator[str]:
    """Each result replaces the one before: 256 KB of state data would end the execution."""
    for name, state in machine.tasks.items():
        if state.get("ResultPath") not in RESULTS:
            yield f"{name}: writes its result to {state.get('ResultPath', '$')}"
        for one in state.get("Catch", ()):
            if one.get("ResultPath") not in CAUGHT:
                yield f"{name}: writes an error to {one.get('ResultPath', '$')}"


def nothing_secret_and_nobody_s_account(machine: Machine) -> Iterator[str]:
    """Readable in review and the same in every account: no account's number, no ARN of anything, no secret."""
    text = json.dumps(machine.definition)
    if found := re.search(r"(?<!\d)\d{12}(?!\d)", text):
        yield f"has an account's number, {found[0]}"
    if found := re.search(r"arn:aws[\w-]*:(?!states:::lambda:)[^\"]*", text):
        yield f"has an ARN, {found[0]}"
    if found := SECRETS.search(text):
        yield f"holds what looks like a secret, {found[0]}…"


def failures_tell_why(machine: Machine) -> Iterator[str]:
    """An execution that fails says why in words of the operation."""
    for name in ("RolledBack", "NeedsAttention"):
        state = machine.states.get(name, {})
        if "CausePath" not in state or not {"Error", "ErrorPath"} & state.keys():
            yield f"{name}: does not say why"


def within_aws_s_limits(machine: Machine) -> Iterator[str]:
    """Step Functions' own: a definition of one megabyte, names of 80 characters."""
    if (size := len(json.dumps(machine.definition).encode())) > LARGEST:
        yield f"has {size} bytes"
    yield from (
        f"{name}: its name has more than {LONGEST_NAME} characters"
        for name in machine.states
        if len(name) > LONGEST_NAME
    )


RULES: tuple[Rule, ...] = (
    only_known_kinds,
    three_ends,
    every_state_is_entered,
    every_state_ends,
    choices_have_a_default,
    tasks_outlast_their_functions,
    the_execution_has_a_backstop,
    decisions_are_never_retried,
    a_token_is_waited_for_once,
    all_else_is_retried_with_full_jitter,
    everything_is_caught,
    the_way_back_stays_the_way_back,
    only_our_own_functions_are_called,
    input_is_bounded,
    tokens_go_where_they_are_waited_for,
    state_data_stays_small,
    nothing_secret_and_nobody_s_account,
    failures_tell_why,
    within_aws_s_limits,
)


def broken_rules(definition: Json) -> list[str]:
    """What is wrong with a machine: the rule, the state, a sentence."""
    machine = Machine(definition)
    return [f"{rule.__name__}: {said}" for rule in RULES for said in rule(machine)]


def demanded(name: str, definition: Json) -> None:
    """Raises AgainstPolicy with everything that is wrong with it."""
    if found := broken_rules(definition):
        raise AgainstPolicy(f"the machine of {name} must not be deployed: {'; '.join(found)}")


def _unbounded(given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        if key == "failed":
            yield from _unbounded(value)
        elif key in PATHS and value not in PATHS[key]:
            yield f"{key} is {value}, which is none of {', '.join(PATHS[key])}"
        elif key not in PATHS and key not in TEXTS:
            yield f"gives {key}, which no function of ours is given"


def main(files: Sequence[str]) -> int:
    """Judge these files; 1 where one breaks a rule."""
    found = [f"{one}: {said}" for one in files for said in broken_rules(json.loads(Path(one).read_text("utf-8")))]
    print(
        "\n".join(found) or f"{len(files)} machines keep {len(RULES)} rules", file=sys.stderr if found else sys.stdout
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
