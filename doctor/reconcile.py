"""After people acted by hand, or the table was restored: how each operation goes on, and what it needs of a person.

Each plan is compared with the cloud by the function that has the right to read it. Nothing is written: an operation
goes on by itself, or by the signal that is named, or its execution is stopped and recovery takes over.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from doctor.deployed import LIVE, Clients, Deployed, Json, deployed
from doctor.report import Finding, Report, Weight
from doctor.running import underway
from lambdas.rows import Control, Status, control_key, step_of
from lambdas.table import Table

READS = (
    "lambda:InvokeFunction",
    "states:DescribeExecution",
    "states:GetExecutionHistory",
    "states:ListExecutions",
)
"""The permissions beside those of `doctor.deployed.READS`."""
AWAITS = "TaskSubmitted"
"""The last event of an execution's history while it waits for its token.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""
SIGNAL = "POST /operations/{id}/signals "


@dataclass(frozen=True)
class Case:
    """One operation that is not over, as it was found."""

    row: Control
    execution: str
    """Its status in Step Functions; empty where there is no execution of it."""
    moving: bool
    """A token of it is open, or its execution does not wait for one."""
    held: bool
    did: bool
    """Whether a step of its says that it did something."""
    compared: Json
    """By `lambdas.engine.comparing`."""
    arn: str = ""
    """Of its execution."""


def reconcile(clients: Clients, name: str) -> Report:
    """Raises NotSeen where this is no stack of Windlass's, and botocore's errors."""
    stack = deployed(clients, name)
    table = stack.table(clients)
    rows = underway(table)
    findings = [judged(_case(clients, stack, table, row)) for row in rows]
    unknown = list(orphans(clients, stack, table))
    counts = {"operations under way": len(rows), "executions of none": len(unknown)}
    return Report(f"reconciliation of {name}", counts, (*findings, *unknown))


def judged(case: Case) -> Finding:
    """How it goes on, what stands of it, and what to do for it."""
    row, about = case.row, f"operation {case.row.id} ({case.row.name}, in {case.row.step or 'no step yet'})"
    stands = _standing(case.compared)
    onward = "goes on" if row.pivoted else "is put back"
    if row.status is Status.ACCEPTED and not case.execution:
        return Finding(Weight.NOTE, about, "goes on: the sweep starts it", "")
    if case.execution != "RUNNING":
        return Finding(Weight.NOTE, about, f"{onward}: its execution is over, the sweep takes over; {stands}", "")
    if case.held and case.did and case.compared.get("left") == "" and not row.pivoted:
        signal = SIGNAL.format(id=row.id) + '{"signal": "cancel", "reason": "taken back by hand"}'
        return Finding(Weight.WAIT, about, f"is held, and what it did was taken back by hand; {stands}", signal)
    if case.held:
        signal = SIGNAL.format(id=row.id) + '{"signal": "decide", "decision": "retry"}, or "rollback", or "abandon"'
        return Finding(Weight.WAIT, about, f"is held; {stands}", signal)
    if case.moving:
        return Finding(Weight.NOTE, about, f"goes on by itself; {stands}", "")
    stop = f"aws stepfunctions stop-execution --cause reconciled --execution-arn {case.arn}"
    return Finding(Weight.WAIT, about, f"waits for what the table has forgotten; stopped, it {onward}; {stands}", stop)


def _standing(compared: Json) -> str:
    if "unseen" in compared:
        return f"it cannot be compared with the cloud: {compared['unseen']}"
    if not compared.get("planned"):
        return "nothing is planned yet"
    waits = [f"{name}: {reason}" for name, reason in compared["waits"].items() if reason]
    left = compared["left"]
    found = "what it did cannot be told from its plan" if left is None else left or "nothing of its doing stands"
    return "; ".join((found, *waits))


def _case(clients: Clients, stack: Deployed, table: Table, row: Control) -> Case:
    tokens = table.of(f"op#{row.id}", "wait#")
    steps = [step_of(item) for item in table.of(f"op#{row.id}", "step#")]
    held = any(one["kind"] == "hold" and "decision" not in one for one in tokens)
    arn = _execution(stack, row)
    status = _status(clients, arn)
    return Case(
        row,
        status,
        moving=bool(tokens) or status != "RUNNING" or not _awaits(clients, arn),
        held=held,
        did=any(one.did and one.name != "Plan" for one in steps),
        compared=_compared(clients, stack, row.id),
        arn=arn,
    )


def _execution(stack: Deployed, row: Control) -> str:
    """Its ARN; empty where this stack has no such machine."""
    machine = stack.machines.get(f"{stack.prefix}{row.saga}", "")
    return machine and f"{machine.replace(':stateMachine:', ':execution:', 1)}:{row.execution or row.id}"


def _status(clients: Clients, arn: str) -> str:
    if not arn:
        return ""
    try:
        return str(clients("stepfunctions").describe_execution(executionArn=arn)["status"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return ""
        raise


def _awaits(clients: Clients, arn: str) -> bool:
    """Whether the execution waits for a token to be answered."""
    told = clients("stepfunctions").get_execution_history(
        executionArn=arn, reverseOrder=True, maxResults=1, includeExecutionData=False
    )
    return any(event["type"] == AWAITS for event in told["events"])


def _compared(clients: Clients, stack: Deployed, operation: str) -> Json:
    answer = clients("lambda").invoke(
        FunctionName=f"{stack.prefix}Engine", Qualifier=LIVE, Payload=json.dumps({"compare": operation})
    )
    told: Json = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        return {"unseen": told.get("errorMessage")}
    return told


def orphans(clients: Clients, stack: Deployed, table: Table) -> Iterator[Finding]:
    """Executions of operations that the table does not know: accepted after the moment it was restored to.

    The table is asked now: meanwhile operations end, and others are accepted.
    """
    for arn in stack.machines.values():
        pages = (
            clients("stepfunctions")
            .get_paginator("list_executions")
            .paginate(stateMachineArn=arn, statusFilter="RUNNING")
        )
        for one in (execution for page in pages for execution in page["executions"]):
            operation = str(one["name"]).partition("-recovery-")[0]
            if table.get(control_key(operation)) is None:
                stop = f"aws stepfunctions stop-execution --cause orphaned --execution-arn {one['executionArn']}"
                tag = f"windlass:operation={operation}"
                what = f"runs, and the table has no such operation; what it made has the tag {tag}"
                yield Finding(Weight.WAIT, f"execution {one['name']}", what, stop)
