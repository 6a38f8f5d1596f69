"""Compiles a saga to the Amazon States Language machine that runs it.

What nobody should write by hand: retries, catch-everything, the undo chain from where it failed, holds, the way into
recovery, and the three ends. The graph is one column for the story and one for the way back; the Choices between
them lead on by `$.last.step`, the last state that succeeded. See docs/architecture.md, "The compiled machine".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from saga.model import NEEDED, Saga, Step, Wait
from saga.rules import check

Json = dict[str, Any]

FINAL = (
    "Rejected",
    "Cancelled",
    "Paused",
    "Expired",
    "Exhausted",
    "NotInTime",
    "RollBack",
    "Kept",
    "Skipped",
    "Abandoned",
    "Revoked",
    "Braked",
    "Denied",
)
"""Error names that are never retried: `lambdas.errors.FINAL`, which the language must not import."""
REFUSED = ("Rejected", "Cancelled", "Expired", "RollBack")
"""What leads straight back from a step that can be put back."""
WITHDRAWN = ("Cancelled", "Expired", "RollBack")
"""What leads back from the pivot: these are raised before it begins; and when the cloud has put it back by itself."""

ACTIVITY_LIMIT = timedelta(seconds=75)
"""Longer than any function's timeout (at most 60 s), so that the function's own end is the one that counts."""
ATTEMPTS = 150
"""Backstop for when our own code cannot even raise `Exhausted`: with full jitter, 99 of 100 outlast its two hours."""
GRACE = timedelta(hours=1)
"""The sweep ends a wait in time; the state's own time-out is for when there is no sweep."""
LONGEST_QUEUE = timedelta(days=7)
LONGEST_HOLD = timedelta(days=7)
LONGEST_CLEANING = timedelta(days=1)
LONGEST_RUN = timedelta(days=30)
"""TIMED_OUT cannot be caught, so this lies beyond everything above."""

EVENTS_OF_ATTEMPT = 4
"""TaskScheduled, TaskStarted, TaskSubmitted and its end; a plain Lambda Task has three."""


def compile_saga(saga: Saga[Any, Any, Any]) -> Json:
    """The machine's definition, `${…Function}` standing for the functions' ARNs. Raises BadSaga."""
    check(saga)
    return {
        "Comment": saga.name,
        "StartAt": saga.story[0],
        "TimeoutSeconds": _seconds(LONGEST_RUN),
        "States": dict(_Machine(saga).states()),
    }


def worst_case(asl: Json) -> int:
    """The most history events of entering every state once and spending every attempt.

    AWS ends an execution at 25,000 events, without an undo:
    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    Held retries come on top; the control row counts those.
    """
    return sum(2 + EVENTS_OF_ATTEMPT * _attempts(state) for state in asl["States"].values())


def _attempts(state: Json) -> int:
    return 1 + sum(retrier["MaxAttempts"] for retrier in state["Retry"]) if "Retry" in state else 0


def function_of(activity: Callable[..., Any]) -> str:
    """Which function runs the activity: `ServerGroupsFunction` for the module `server_groups`."""
    module = activity.__module__.rpartition(".")[2]
    return "".join(word.capitalize() for word in module.split("_")) + "Function"


@dataclass(frozen=True)
class _Machine:
    saga: Saga[Any, Any, Any]

    def states(self) -> Iterator[tuple[str, Json]]:
        """In reading order: the story, the holds, the way back, the ends."""
        yield from self._beginning()
        yield from self._steps()
        yield from self._commit()
        yield from self._hold()
        yield from self._kept()
        yield from self._way_back()
        yield from self._ends()

    def _beginning(self) -> Iterator[tuple[str, Json]]:
        if self.saga.guards:
            catch = [_catch("States.ALL", to="PutBack")]
            yield "Guard", self._token_task("Guard", limit=LONGEST_QUEUE, catch=catch, to="Plan")
        catch = [_catch(*REFUSED, to="PutBack"), _catch("Revoked", to="GiveUp"), _catch("States.ALL", to="Hold")]
        plan = self._task("Plan", self.saga.plan, catch=catch, to="Recovering")
        yield "Plan", plan | {"ResultPath": "$.plan"}
        back = {"Variable": "$.recover", "StringEquals": "back"}
        yield "Recovering", _choice([_both(_is_present("$.recover"), back, to="Interrupted")], self._entry(0))

    def _steps(self) -> Iterator[tuple[str, Json]]:
        for position, one in enumerate(self.saga.steps):
            catch, to = self._catch_of(position), self._entry(position + 1)
            if self._entry(position) == NEEDED:
                yield NEEDED, self._needed(position)
            if isinstance(one, Step):
                yield one.name, self._activity(one.name, one.do, catch=catch, to=to)
            else:
                yield one.name, self._watch(one.name, limit=one.at_most + GRACE, catch=catch, to=to)

    def _entry(self, position: int) -> str:
        """The state that begins the step at that position; `Finish` after the last one."""
        return self.saga.entered(position)[0] if position < len(self.saga.steps) else "Finish"

    def _needed(self, position: int) -> Json:
        """Leads to the first step whose list is not empty, or past all of them.

        A plan that lacks a list was made by a release that does not know of it: the step itself may tell.
        """
        needing = self.saga.needing
        rules = [_not_empty(f"$.plan.{one.needs}", to=one.name) for one in needing]
        return _choice(rules, self._entry(position + len(needing)))

    def _catch_of(self, position: int) -> list[Json]:
        revoked, other = _catch("Revoked", to="GiveUp"), _catch("States.ALL", to="Hold")
        if position > self._pivot and not self._may_be_undone(position):
            return [revoked, other]
        straight_back = WITHDRAWN if position >= self._pivot else REFUSED
        return [_catch(*straight_back, to=self.saga.way_back(position)[0]), revoked, other]

    @cached_property
    def _pivot(self) -> int:
        """Its position; one after the last step where there is none."""
        return len(self.saga.reversible)

    def _may_be_undone(self, position: int) -> bool:
        """Whether the cloud may put the pivot back while this waits."""
        one = self.saga.steps[position]
        return isinstance(one, Wait) and one.cloud_undoes

    @property
    def _top(self) -> str:
        return self.saga.way_back()[0]

    def _commit(self) -> Iterator[tuple[str, Json]]:
        """A cancel that came first undoes; whatever else fails, the work is done, and the sweep closes the row."""
        cancelled = [] if self.saga.pivot else [_catch("Cancelled", to=self._top)]
        done = _catch("States.ALL", to="Succeeded")
        yield "Finish", self._engine("Finish", catch=[*cancelled, done], to="Succeeded")
        yield "Succeeded", {"Type": "Succeed", "OutputPath": "$.last"}

    def _hold(self) -> Iterator[tuple[str, Json]]:
        catch = [
            _catch("Abandoned", "Revoked", to="GiveUp", at="$.decision"),
            *([_catch("Kept", to="Kept", at="$.decision")] if self.saga.kept else []),
            _catch("States.ALL", to="Back", at="$.decision"),
        ]
        hold = self._token_task("Hold", _asking("$.error"), limit=LONGEST_HOLD, catch=catch, to="Again")
        yield "Hold", hold | {"ResultPath": "$.decided"}
        yield "Again", self._again()
        yield "Back", self._back()

    def _kept(self) -> Iterator[tuple[str, Json]]:
        """Puts what was made out of the way and calls a person; a cancel still puts everything back."""
        if not self.saga.kept:
            return
        last = {"step": "Kept", "did": "keeps what was made, and puts it out of the way"}
        first = self.saga.kept[0].name
        yield "Kept", {"Type": "Pass", "Result": last, "ResultPath": "$.last", "Next": first}
        catch = [_catch("Cancelled", to=self._top), *self._held_back()]
        for one, to in zip(self.saga.kept, (*(one.name for one in self.saga.kept[1:]), "GiveUp"), strict=True):
            yield one.name, self._activity(one.name, one.do, catch=catch, to=to)

    def _held_back(self) -> list[Json]:
        """Where a state leads that can neither be done nor be left out."""
        return [
            _catch("Revoked", to="GiveUp", at="$.undoError"),
            _catch("States.ALL", to="HoldUndo", at="$.undoError"),
        ]

    def _again(self) -> Json:
        """Whether there is a plan tells a failed Plan from a failed first step: Plan does not write `$.last`."""
        steps = [_last(self._before(position), to=self._entry(position)) for position in range(len(self.saga.steps))]
        return _choice([_no_plan(to="Plan"), *steps], "GiveUp")

    def _back(self) -> Json:
        undo = [_last(self._before(at), to=self.saga.way_back(self._furthest(at))[0]) for at in range(self._pivot)]
        return _choice([_no_plan(to="PutBack"), *undo], "GiveUp")

    def _before(self, position: int) -> str:
        """What `$.last.step` holds while the step at that position is at work and none before it was passed by."""
        if position:
            return self.saga.steps[position - 1].name
        return "Guard" if self.saga.guards else ""

    def _furthest(self, position: int) -> int:
        """Which step may be at work while `$.last.step` is what stands before that one: steps may have been passed by.

        The way back begins there then: every undo accepts that nothing was done.
        """
        return position + (len(self.saga.needing) if self._entry(position) == NEEDED else 0)

    def _way_back(self) -> Iterator[tuple[str, Json]]:
        yield "Interrupted", self._interrupted()
        way = self.saga.way_back()
        undos = self.saga.undo_of
        catch = self._held_back()
        for name, to in pairwise(way):
            if name in undos:
                yield name, self._activity(name, undos[name], catch=catch, to=to)
        if self.saga.left:
            yield from self._nothing_left(catch)
        if undos:
            yield from self._hold_undo()

    def _interrupted(self) -> Json:
        """Where a recovery begins to undo: it has no error of its own, and no state before it that counts."""
        state = {
            "operation.$": "$.operation",
            "plan.$": "$.plan",
            "last": {"step": "Interrupted", "did": "took over from an execution that ended abnormally"},
            "error": {"Error": "Interrupted", "Cause": "an execution ended abnormally; what it did is put back"},
        }
        return {"Type": "Pass", "Parameters": state, "Next": self._top}

    def _nothing_left(self, catch: list[Json]) -> Iterator[tuple[str, Json]]:
        late = _catch("RollBack", to="LandedLate", at="$.undoError")
        yield "NothingLeft", self._watch("NothingLeft", limit=LONGEST_CLEANING, catch=[late, *catch], to="PutBack")
        last = {"step": "NothingLeft", "did": "found something that had landed late; it is undone again"}
        yield "LandedLate", {"Type": "Pass", "Result": last, "ResultPath": "$.last", "Next": self._top}

    def _hold_undo(self) -> Iterator[tuple[str, Json]]:
        catch = [_catch("States.ALL", to="GiveUp", at="$.undoError")]
        hold = self._token_task("HoldUndo", _asking("$.undoError"), limit=LONGEST_HOLD, catch=catch, to="UndoAgain")
        yield "HoldUndo", hold | {"ResultPath": "$.decided"}
        yield "UndoAgain", self._undo_again()

    def _undo_again(self) -> Json:
        """PutBack is not among them: it never holds."""
        return _choice([_last(before, to=to) for before, to in self._undone_after() if to != "PutBack"], "GiveUp")

    def _undone_after(self) -> Iterator[tuple[str, str]]:
        """What succeeded last, and what must then have failed on the way back, or on the way aside."""
        if self.saga.kept:  # what fails after the last of them is the undo that a cancel led to
            yield from pairwise(("Kept", *(one.name for one in self.saga.kept), self._top))
        restarted = ("Interrupted", *(["NothingLeft"] if self.saga.left else []))
        yield from ((before, self._top) for before in restarted)
        undone = (at for at in range(self._pivot + 1, len(self.saga.steps)) if self._may_be_undone(at))
        for at in (*range(self._pivot + 1), *undone):
            yield self._before(at), self.saga.way_back(self._furthest(at))[0]
        yield from pairwise(self.saga.way_back())

    def _ends(self) -> Iterator[tuple[str, Json]]:
        failed = _failed("$.error")
        closed = [_catch("States.ALL", to="RolledBack", at="$.undoError")]
        yield "PutBack", self._engine("PutBack", failed, catch=closed, to="RolledBack")
        yield "RolledBack", {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.last.did"}
        cancelled = [_catch("Cancelled", to=self._top)] if self.saga.kept else []
        closed = [*cancelled, _catch("States.ALL", to="NeedsAttention", at="$.undoError")]
        yield "GiveUp", self._engine("GiveUp", failed, catch=closed, to="NeedsAttention")
        yield "NeedsAttention", {"Type": "Fail", "Error": "NeedsAttention", "CausePath": "$.last.did"}

    def _activity(self, name: str, activity: Callable[..., Any], *, catch: list[Json], to: str) -> Json:
        return self._task(name, activity, {"plan.$": "$.plan"}, catch=catch, to=to)

    def _task(
        self, name: str, activity: Callable[..., Any], more: Json | None = None, *, catch: list[Json], to: str
    ) -> Json:
        return _call(function_of(activity), self._payload(name, more or {}), catch=catch, to=to)

    def _engine(self, name: str, more: Json | None = None, *, catch: list[Json], to: str) -> Json:
        return _call("EngineFunction", self._payload(name, more or {}), catch=catch, to=to)

    def _watch(self, name: str, *, limit: timedelta, catch: list[Json], to: str) -> Json:
        return self._token_task(name, {"plan.$": "$.plan"}, limit=limit, catch=catch, to=to)

    def _token_task(self, name: str, more: Json | None = None, *, limit: timedelta, catch: list[Json], to: str) -> Json:
        payload = self._payload(name, more or {}) | {"token.$": "$$.Task.Token"}
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": "${EngineFunction}", "Payload": payload},
            "TimeoutSeconds": _seconds(limit),
            "ResultPath": "$.last",
            "Retry": _retry(*FINAL, "States.Timeout"),
            "Catch": catch,
            "Next": to,
        }

    def _payload(self, name: str, more: Json) -> Json:
        return {
            "saga": self.saga.name,
            "step": name,
            "operation.$": "$.operation",
            "execution.$": "$$.Execution.Name",
            "last.$": "$.last",
            **more,
        }


def _call(function: str, payload: Json, *, catch: list[Json], to: str) -> Json:
    return {
        "Type": "Task",
        "Resource": f"${{{function}}}",
        "Parameters": payload,
        "TimeoutSeconds": _seconds(ACTIVITY_LIMIT),
        "ResultPath": "$.last",
        "Retry": _retry(*FINAL),
        "Catch": catch,
        "Next": to,
    }


def _retry(*never: str) -> list[Json]:
    anything = {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 2,
        "BackoffRate": 2,
        "MaxDelaySeconds": 120,
        "JitterStrategy": "FULL",
        "MaxAttempts": ATTEMPTS,
    }
    return [{"ErrorEquals": list(never), "MaxAttempts": 0}, anything]


def _catch(*errors: str, to: str, at: str = "$.error") -> Json:
    return {"ErrorEquals": list(errors), "ResultPath": at, "Next": to}


def _failed(error: str) -> Json:
    return {"failed": {"error.$": f"{error}.Error", "cause.$": f"{error}.Cause"}}


def _asking(error: str) -> Json:
    """What a hold is told: its retries have other tokens, but were entered at the same moment."""
    return {**_failed(error), "entered.$": "$$.State.EnteredTime"}


def _choice(rules: list[Json], default: str) -> Json:
    return {"Type": "Choice", "Choices": rules, "Default": default}


def _last(step: str, *, to: str) -> Json:
    return {"Variable": "$.last.step", "StringEquals": step, "Next": to}


def _no_plan(*, to: str) -> Json:
    return {"Variable": "$.plan", "IsPresent": False, "Next": to}


def _is_present(path: str) -> Json:
    return {"Variable": path, "IsPresent": True}


def _not_empty(path: str, *, to: str) -> Json:
    return {"Or": [_is_present(f"{path}[0]"), {"Variable": path, "IsPresent": False}], "Next": to}


def _both(one: Json, other: Json, *, to: str) -> Json:
    return {"And": [one, other], "Next": to}


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())
