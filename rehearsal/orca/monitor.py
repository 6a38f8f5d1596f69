"""`MonitorKatoTask`: looks at the last task each five seconds until it is over."""

from lambdas.hub import Json
from rehearsal.orca.kato import HttpError
from rehearsal.orca.pipeline import DEPLOYED, LAST_TASK, TASKS, Failed, Orca, Stage, Task

EACH, WITHIN = 5.0, 3600.0
MOST_NOT_FOUND = 30
AFTER_FAILURE = 120.0
"""Seconds until a task that failed, and is said to be worth it, is looked at after it was resumed."""
NOT_FOUND, RETRIED = "kato.task.notFoundRetryCount", "kato.task.terminalRetryCount"
EXPECTED = "kato.result.expected"


def monitor(name: str = "monitorServerGroup") -> Task:
    return Task(name, _look, EACH, WITHIN)


def _look(orca: Orca, stage: Stage) -> bool:
    last = stage.context.get(LAST_TASK)
    if last is None:
        return True
    try:
        task = orca.kato.look(last["id"])
    except HttpError as error:
        return _not_found(stage, error)
    stage.context[NOT_FOUND] = 0
    _keep(stage, task)
    if task["status"]["failed"]:
        return _failed(orca, stage, task)
    if not task["status"]["completed"] or (stage.context.get(EXPECTED) and not task["resultObjects"]):
        return False
    stage.context.setdefault(DEPLOYED, _names(task))
    return True


def _not_found(stage: Stage, error: HttpError) -> bool:
    if error.status != 404:
        raise error
    stage.context[NOT_FOUND] = stage.context.get(NOT_FOUND, 0) + 1
    if stage.context[NOT_FOUND] >= MOST_NOT_FOUND:
        raise error
    return False


def _keep(stage: Stage, task: Json) -> None:
    """All that Orca keeps of a task, in the execution's context."""
    kept = {field: task[field] for field in ("id", "status", "history", "resultObjects", "outputs")}
    if (exception := _exception(task)) is not None:
        kept["exception"] = exception
    others = [one for one in stage.context.get(TASKS, []) if one["id"] != task["id"]]
    stage.context[TASKS] = [*others, kept]


def _failed(orca: Orca, stage: Stage, task: Json) -> bool:
    if task["status"]["retryable"]:
        orca.kato.resume(task["id"])
        stage.context[RETRIED] = stage.context.get(RETRIED, 0) + 1
        orca.clock.drain(AFTER_FAILURE - EACH)
        return False
    exception = _exception(task)
    raise Failed(exception["message"] if exception else "no reason is told")


def _exception(task: Json) -> Json | None:
    """Result objects must be objects: Orca asks each for its type."""
    return next((one for one in task["resultObjects"] if one.get("type") == "EXCEPTION"), None)


def _names(task: Json) -> dict[str, list[str]]:
    """`getServerGroupNames`: by Region."""
    found: dict[str, list[str]] = {}
    for one in task["resultObjects"]:
        for name in one.get("serverGroupNames") or ():
            region, _, group = name.rpartition(":")
            found.setdefault(region or "region_missing", []).append(group)
    return found
