"""What an operation that called a person has left undone, and what would do it: asked of the steps themselves."""

from collections.abc import Mapping, Sequence

from lambdas.engine import control
from lambdas.engine.tasks import AnySaga, Task, change_of, plan_of, stored_plan
from lambdas.errors import Transient, WindlassError
from lambdas.hub import Hub, Json
from lambdas.rows import Control, Step
from lambdas.values import changed


def remaining(saga: AnySaga, row: Control, journal: Mapping[str, Step]) -> tuple[str, ...]:
    """The states that would end it: after the pivot those not done yet, else the undos of all that was begun."""
    if row.pivoted:
        return tuple(one.name for one in saga.changes if one.name in saga.beyond and not _done(journal, one.name))
    undos = (name for name in saga.way_back() if name in saga.change_of)
    return tuple(name for name in undos if saga.change_of[name][0].name in journal and not _done(journal, name))


def keeps(saga: AnySaga, journal: Mapping[str, Step]) -> bool:
    """Whether what it made was kept because the request asked for it."""
    return any(_done(journal, one.name) for one in saga.kept)


def described(hub: Hub, task: Task) -> Json:
    """What that step or undo would do now; nothing is done. Runs in the function of its module, which may read."""
    row = control.read(hub, task.operation)
    plan = stored_plan(hub, task.operation)
    if plan is None:
        raise Transient(f"the plan of operation {task.operation} is not there")
    step, undoing = change_of(task.saga, task.step)
    cloud, notes = hub.noting(row.account, row.region, row.id)
    trouble = ""
    try:
        (step.undo if undoing and step.undo else step.do)(plan_of(task.saga, plan), changed(cloud, undoing=undoing))
    except WindlassError as error:
        trouble = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001  most likely it looks for what it has only said it would make
        trouble = "" if notes.calls else f"it cannot be told: {type(error).__name__}"
    told: Sequence[str] = cloud.findings
    return {"calls": notes.calls, "words": notes.words, "findings": list(told), "trouble": trouble}


def _done(journal: Mapping[str, Step], name: str) -> bool:
    step = journal.get(name)
    return step is not None and step.did is not None and step.error is None
