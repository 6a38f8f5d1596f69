"""Whether a release can be deployed now, and what it would break: a sentence for each thing that stands against it."""

from collections.abc import Iterator

from pydantic import ValidationError

from doctor.deployed import STEADY, TAKE_BACK, Clients, Deployed, Json, deployed, given_up, ringing, shifting
from doctor.release import AnySaga, Release
from doctor.report import Finding, Report, Weight
from doctor.running import Running, ahead, called, running
from lambdas.engine.guards import GUARDS
from lambdas.engine.tasks import plan_of, request_of
from lambdas.errors import Transient
from lambdas.rows import Status, control_key, guard_key
from lambdas.table import Table, rolls
from saga.rules import forgotten

BREAKS, WAIT, NOTE = Weight.BREAKS, Weight.WAIT, Weight.NOTE


def upgrade(clients: Clients, name: str, new: Release) -> Report:
    """Look at everything, and say what was found. Raises NotSeen, and botocore's errors."""
    stack = deployed(clients, name)
    table = stack.table(clients)
    going = running(clients, stack, table)
    guards = _guards(table)
    findings = (
        *_unsteady(clients, stack),
        *changed_table(stack, new),
        *(finding for one in going for finding in broken(one, new)),
        *_taken_away(stack, going, new),
        *_held(going),
        *_orphaned(table, guards),
    )
    counts = {
        "operations under way": len(going),
        "of them held": sum(one.held for one in going),
        "guards held": len(guards),
        "functions": len(stack.functions),
        "machines": len(stack.machines),
    }
    return Report(f"upgrade of {name}", counts, findings)


def _unsteady(clients: Clients, stack: Deployed) -> Iterator[Finding]:
    if stack.status not in STEADY:
        yield Finding(
            WAIT, f"stack {stack.name}", f"is {stack.status}", "let it come to its end, or continue its rollback"
        )
    for alarm in ringing(clients, stack):
        shifts = alarm.removeprefix(stack.prefix) in TAKE_BACK
        what = "rings, and a release that shifts gradually would be taken back at once" if shifts else "rings"
        yield Finding(WAIT if shifts else NOTE, f"alarm {alarm}", what, "see its page in docs/runbook/")
    for function, how in shifting(clients, stack):
        yield Finding(WAIT, f"function {function}", f"is between two versions: {how}", "let the shift come to its end")
    for queue, number in given_up(clients, stack):
        what = f"holds {number} messages that a function gave up on"
        yield Finding(WAIT, f"queue {queue}", what, "read them, then start their redrive")


def broken(one: Running, new: Release) -> Iterator[Finding]:
    """What the release would break of an operation that is under way."""
    saga = new.sagas.get(one.row.saga)
    if saga is None:
        what = f"the release has no operation {one.row.name}"
        yield Finding(BREAKS, one.name, what, "wait for its end, or deploy the release with the operation")
        return
    states = ahead(one.definition, one.row.step) | (ahead(one.definition, one.failed) if one.failed else set())
    for sentence in forgotten(saga, states):
        state, _, why = sentence.partition(", ")
        yield Finding(BREAKS, one.name, f"comes to {state}: {why}", "wait for its end, or declare it in removed=")
    for function in sorted(called(one.definition, states) - new.functions):
        yield Finding(BREAKS, one.name, f"calls {function}, which the release has no more", "keep it for 30 days")
    if (unreadable := _unreadable(saga, one)) is not None:
        yield Finding(BREAKS, one.name, unreadable, "let plans and requests only gain fields with defaults")


def _unreadable(saga: AnySaga, one: Running) -> str | None:
    try:
        if one.plan is not None:
            plan_of(saga, one.plan)
        elif one.request is not None:
            request_of(saga, one.request)
    except Transient as newer:
        return f"{newer}: it was planned by a newer release"
    except ValidationError as error:
        what = "plan" if one.plan is not None else "request"
        return f"the release cannot read its {what}: {', '.join(_fields(error))}"
    return None


def _fields(error: ValidationError) -> list[str]:
    """Names and kinds of mistakes: values may be secret."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return sorted({f"{'.'.join(map(str, one['loc']))} {one['type']}" for one in found})


def changed_table(stack: Deployed, new: Release) -> Iterator[Finding]:
    """DynamoDB makes or deletes one index in an update, and changes none."""
    kind = "AWS::DynamoDB::Table"
    standing = {name: one for name, one in stack.template["Resources"].items() if one["Type"] == kind}
    for name, before in standing.items():
        after = new.template["Resources"].get(name)
        if after is None or after["Type"] != kind or _key(after) != _key(before):
            yield Finding(BREAKS, f"table {name}", "would be replaced by an empty one", "keep its name and its key")
            continue
        was, is_ = _indexes(before), _indexes(after)
        changed = sorted(index for index in was.keys() & is_.keys() if was[index] != is_[index])
        if changed:
            what = f"index {', '.join(changed)} would change, which CloudFormation refuses"
            yield Finding(BREAKS, f"table {name}", what, "add the new index under another name in a release before")
        elif len(was.keys() ^ is_.keys()) > 1:
            what = f"{len(was.keys() ^ is_.keys())} indexes would come or go; an update may have one"
            yield Finding(BREAKS, f"table {name}", what, "deploy one after the other")


def _key(table: Json) -> object:
    return table["Properties"].get("KeySchema")


def _indexes(table: Json) -> dict[str, Json]:
    found = table["Properties"].get("GlobalSecondaryIndexes", ())
    return {one["IndexName"]: {"key": one["KeySchema"], "shows": _projection(one)} for one in found}


def _projection(index: Json) -> Json:
    shows = dict(index["Projection"])
    return shows | {"NonKeyAttributes": sorted(shows.get("NonKeyAttributes", ()))}


def _taken_away(stack: Deployed, going: list[Running], new: Release) -> Iterator[Finding]:
    """What nobody uses now may still be called by whoever kept its name."""
    busy = {one.row.saga for one in going}
    for name in sorted(stack.machines.keys() - new.machines):
        at_work = any(name.endswith(f"-{saga}") for saga in busy)
        what = "is taken away, and with it its executions" if at_work else "is taken away; nothing of it is under way"
        yield Finding(BREAKS if at_work else NOTE, f"machine {name}", what, "")
    for name in sorted(stack.functions - new.functions):
        yield Finding(NOTE, f"function {name}", "is taken away", "")


def _held(going: list[Running]) -> Iterator[Finding]:
    for one in going:
        if one.held:
            yield Finding(NOTE, one.name, "is held, and stays so until somebody decides", "")


def _guards(table: Table) -> list[str]:
    """Keys of the guards that somebody has."""
    found: list[str] = []
    for roll in rolls(GUARDS):
        after: str | None = None
        while True:
            items, after = table.listed("roll", roll, limit=100, after=after)
            found += [str(item["pk"]).removeprefix("guard#") for item in items]
            if after is None:
                break
    return sorted(found)


def _orphaned(table: Table, guards: list[str]) -> Iterator[Finding]:
    """A guard is passed on in the very write that ends its operation: an owner that is over is a fault."""
    for key in guards:
        guard = table.get(guard_key(key)) or {}
        owner = guard.get("owner")
        row = table.get(control_key(owner)) if owner else None
        if owner and (row is None or Status(row["status"]).over):
            yield Finding(
                WAIT, f"guard {key}", f"belongs to {owner}, which is over", "release it: POST /guards/…/release"
            )
