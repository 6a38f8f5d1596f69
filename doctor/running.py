"""Operations that are under way, each with its plan and with the definition that its execution keeps."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from doctor.deployed import Clients, Deployed, Json
from lambdas.rows import Control, Status, control_key, control_of, open_key, plan_key, request_key
from lambdas.table import Item, Table

EVER = 1e11
"""Epoch seconds after everything that is due."""
MOST = 100_000
"""Rows of the backlog that are looked at."""
_GONE = {"ExecutionDoesNotExist", "StateMachineDoesNotExist"}


@dataclass(frozen=True)
class Running:
    """One operation that is not over."""

    row: Control
    plan: Json | None
    request: Json | None
    """Where there is no plan yet."""
    held: bool
    """It waits for a decision, or is paused."""
    definition: Json = field(default_factory=dict)
    """Of its execution's machine; empty where no execution of it has begun."""
    failed: str = ""
    """The state that failed into the hold, which would be tried again."""

    @property
    def name(self) -> str:
        return f"operation {self.row.id} ({self.row.name}, {self.row.status} in {self.row.step or 'no step yet'})"


def running(clients: Clients, stack: Deployed, table: Table) -> list[Running]:
    """All operations that are not over, in the order of their acceptance."""
    rows = underway(table)
    machines = {name: _Definitions(clients, arn) for name, arn in stack.machines.items()}
    found = []
    for row in rows:
        plan = table.get(plan_key(row.id))
        request = table.get(request_key(row.id)) if plan is None else None
        machine = next((one for name, one in machines.items() if name.endswith(f"-{row.saga}")), None)
        definition = machine.of(row.execution or row.id) if machine is not None else {}
        hold = _hold(table, row)
        failed = str((hold or {}).get("held") or "")
        parts = _part(plan, "plan"), _part(request, "request")
        found.append(Running(row, *parts, hold is not None, definition, failed))
    return found


def underway(table: Table) -> list[Control]:
    """Their control rows, in the order of their acceptance."""
    return sorted(_open(table), key=lambda row: row.accepted)


def _part(item: Item | None, name: str) -> Json | None:
    return None if item is None else dict(item[name])


def _open(table: Table) -> Iterator[Control]:
    """Everything that is not over is due at some time."""
    due = (*table.due(EVER), *table.backlog(EVER, MOST))
    for key in dict.fromkeys(item["pk"] for item in due if item["sk"] == "control"):
        row = table.get(control_key(key.removeprefix("op#")))
        if row is not None and not Status(row["status"]).over:
            yield control_of(row)


def _hold(table: Table, row: Control) -> Item | None:
    """What nobody has decided about yet."""
    holds = (table.get(open_key(row.id, state)) for state in ("Hold", "HoldUndo"))
    return next((hold for hold in holds if hold is not None and "decision" not in hold), None)


class _Definitions:
    """What each execution of one machine runs.

    AWS lets few ask (DescribeStateMachineForExecution: 200 at once, then one a second), and mostly all run the same:
    once so many have answered the same, the rest is taken to.
    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """

    ASKED = 50

    def __init__(self, clients: Clients, arn: str) -> None:
        self._client, self._arn = clients("stepfunctions"), arn
        self._known: dict[str, Json] = {}
        """By their text."""
        self._asked = 0

    def of(self, execution: str) -> Json:
        """All the states that it may run: of several definitions, where it was not asked, all of theirs."""
        if self._asked >= self.ASKED:
            return {"States": {name: one for each in self._known.values() for name, one in each["States"].items()}}
        self._asked += 1
        arn = self._arn.replace(":stateMachine:", ":execution:", 1)
        try:
            told: Any = self._client.describe_state_machine_for_execution(executionArn=f"{arn}:{execution}")
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return {}
            raise
        return self._known.setdefault(told["definition"], json.loads(told["definition"]))


def ahead(definition: Json, step: str) -> set[str]:
    """The states that call a function and may still be entered by an execution that is in that step.

    `Again` leads to the state that failed: from a hold that is ahead, one that is under way anyway.
    """
    states: dict[str, Json] = definition.get("States", {})
    found: set[str] = set()
    open_ = [step if step in states else definition.get("StartAt", "")]
    if open_ == [""]:  # where it is, or in which of several definitions, is not known
        open_ = list(states)
    while open_:
        name = open_.pop()
        if name in found or name not in states:
            continue
        found.add(name)
        open_ += [] if name == "Again" else _next(states[name])
    return {name for name in found if states[name]["Type"] == "Task"}


def _next(state: Json) -> list[str]:
    leads = [state.get("Next"), state.get("Default")]
    leads += [one["Next"] for one in (*state.get("Catch", ()), *state.get("Choices", ()))]
    return [name for name in leads if name]


def called(definition: Json, states: set[str]) -> set[str]:
    """Names of the functions that these states call."""
    found = set()
    for name in states:
        state = definition["States"][name]
        arn = str(state.get("Parameters", {}).get("FunctionName", state["Resource"]))
        if ":function:" in arn:
            found.add(arn.split(":function:")[1].split(":", maxsplit=1)[0])
    return found
