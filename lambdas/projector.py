"""The projector: what follows a change of the table, and what follows the end of an execution.

It acts on the table's stream and on Step Functions' status events. Both may come late, twice or never: all it does is
conditional, and the sweep does the same for whatever nobody told of.
"""

from lambdas.engine import batches, control, recovery, tokens, waits
from lambdas.engine.tasks import GUARD, Sagas
from lambdas.errors import NotFound
from lambdas.hub import ExecutionState, Hub
from lambdas.rows import Status, control_of
from lambdas.table import Item

FAILED = "FAILED"
OVER = tuple(status.value for status in Status if status.over)

PATTERNS: tuple[dict[str, object], ...] = (
    {"Keys": {"sk": {"S": ["guard"]}}},
    {
        "Keys": {"sk": {"S": ["control"]}},
        "NewImage": {"status": {"S": list(OVER)}, "batch": {"S": [{"exists": True}]}},
    },
)
"""What of the stream's records can set anything off, as filters of Lambda: others wake nobody, and cost nothing.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
"""


def concerns(new: Item | None) -> bool:
    """Whether PATTERNS let the record of that new image pass."""
    if new is None:
        return False
    return new["sk"] == "guard" or (new["sk"] == "control" and new.get("status") in OVER and "batch" in new)


def changed(hub: Hub, sagas: Sagas, old: Item | None, new: Item | None) -> None:
    """One record of the stream: an operation that ended, or a guard that went to its heir."""
    if new is None:
        return
    if new["sk"] == "control":
        _operation_changed(hub, old, new)
    elif new["sk"] == "guard":
        _guard_changed(hub, sagas, old, new)


def ended(hub: Hub, sagas: Sagas, execution: str, state: ExecutionState) -> None:
    """A status event: close or recover the operation if its own last Task did not.

    Of a machine that is encrypted with our key the event does not tell the error, which says how it ended: the sweep
    asks. https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    try:
        row = control.read(hub, execution.partition("-recovery-")[0])
    except NotFound:
        return
    if row.execution != execution or row.status.over:
        return
    if state.status == FAILED and not state.error:
        control.look_again(hub, row, hub.now())
    else:
        recovery.recover(hub, row, state)


def _operation_changed(hub: Hub, old: Item | None, new: Item) -> None:
    if not concerns(new) or (old is not None and old["status"] in OVER):
        return
    for follower in batches.followers(hub, control_of(new)):
        batches.begin_next(hub, follower)


def _guard_changed(hub: Hub, sagas: Sagas, old: Item | None, new: Item) -> None:
    """Whoever did not stand in its queue waits for nothing: it took the guard itself."""
    heir = new.get("owner")
    if old is None or heir is None or heir not in old.get("queue", ()):
        return
    if (waiting := tokens.find(hub, heir, GUARD)) is not None:
        waits.look(hub, sagas, waiting)
