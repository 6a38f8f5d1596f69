"""What happens to an operation, in one word: read off the change of its control row."""

from collections.abc import Sequence
from enum import StrEnum

from lambdas.engine.holds import HOLD, HOLD_UNDO
from lambdas.rows import Control, Mark, Status
from lambdas.table import Item


class Kind(StrEnum):
    ACCEPTED = "accepted"
    STARTED = "started"
    HELD = "held"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLING = "cancelling"
    REVOKED = "revoked"
    UNDOING = "undoing"
    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolledBack"
    NEEDS_ATTENTION = "needsAttention"
    NOT_STARTED = "notStarted"
    STEP_ENDED = "stepEnded"

    @property
    def ends(self) -> bool:
        """Whether it is the operation's last word, unless something of it lands late."""
        return self in ENDS


STATUSES = {
    Status.ACCEPTED: Kind.ACCEPTED,
    Status.RUNNING: Kind.STARTED,
    Status.UNDOING: Kind.UNDOING,
    Status.SUCCEEDED: Kind.SUCCEEDED,
    Status.ROLLED_BACK: Kind.ROLLED_BACK,
    Status.NEEDS_ATTENTION: Kind.NEEDS_ATTENTION,
    Status.NOT_STARTED: Kind.NOT_STARTED,
}
MARKS = {Mark.PAUSED: Kind.PAUSED, Mark.CANCELLED: Kind.CANCELLING, Mark.REVOKED: Kind.REVOKED}
ENDS = frozenset(kind for status, kind in STATUSES.items() if status.over)
TOLD = tuple(kind for kind in Kind if kind is not Kind.STEP_ENDED)
"""What is pushed. Steps are read (`GET /operations/{id}/events`): a dozen of them would cost more than all else."""
HOLDS = (HOLD, HOLD_UNDO)


def happened(old: Control | None, new: Control) -> Kind | None:
    """What the change of a control row is, in the eyes of whoever follows the operation; None: nothing to tell.

    One change is at most one thing: the row's version names it.
    """
    if old is None:
        return Kind.ACCEPTED
    if new.status is not old.status:
        return STATUSES[new.status]
    if new.mark is not old.mark:
        return Kind.RESUMED if new.mark is None else MARKS[new.mark]
    if new.step in HOLDS and old.step not in HOLDS:
        return Kind.HELD
    decided = new.held > old.held or new.skip != old.skip
    return Kind.RESUMED if decided else None


_OPEN = [status.value for status in Status if not status.over]
_OVER = [status.value for status in Status if status.over]
_ABSENT, _PRESENT = [{"exists": False}], [{"exists": True}]


def _text(**attributes: Sequence[object]) -> dict[str, object]:
    return {name: {"S": list(values)} for name, values in attributes.items()}


_CONTROL = {"Keys": _text(sk=["control"])}
_BY_A_PERSON = (
    {"OldImage": _text(mark=_ABSENT), "NewImage": _text(mark=_PRESENT)},
    {"OldImage": _text(mark=_PRESENT), "NewImage": _text(mark=_ABSENT)},
    {"OldImage": _text(mark=[Mark.PAUSED]), "NewImage": _text(mark=[Mark.CANCELLED, Mark.REVOKED])},
    {"OldImage": _text(mark=[Mark.CANCELLED]), "NewImage": _text(mark=[Mark.REVOKED])},
    {"OldImage": _text(step=[{"anything-but": list(HOLDS)}]), "NewImage": _text(step=HOLDS)},
    {"OldImage": _text(step=HOLDS)},
)
_ANOTHER_STATUS = (
    {"OldImage": _text(status=["ACCEPTED"]), "NewImage": _text(status=["RUNNING"])},
    {"OldImage": _text(status=[{"anything-but": ["UNDOING"]}]), "NewImage": _text(status=["UNDOING"])},
    {"OldImage": _text(status=_OPEN), "NewImage": _text(status=_OVER)},
)
SETTINGS: tuple[str, ...] = ("account#", "freeze#", "notification#", "webhook#")
ACTS = "acts"
"""How the sort keys of rows begin, or what they are, that people change: told to nobody, and written into the book."""
PATTERNS: tuple[dict[str, object], ...] = (
    {"eventName": ["INSERT"], "dynamodb": _CONTROL},
    {"dynamodb": {**_CONTROL, "$or": list(_ANOTHER_STATUS)}},
    {"eventName": ["MODIFY"], "dynamodb": {**_CONTROL, "$or": list(_BY_A_PERSON)}},
    {"dynamodb": {"Keys": _text(sk=[ACTS, *({"prefix": one} for one in SETTINGS)])}},
)
"""Filters of Lambda (five at most) that let every change pass that is something, and few others: a filter sees values,
not whether they changed. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""


def concerns(new: Item | None) -> bool:
    """Whether a change to that row can be anything to tell or to write down; a row that is gone may be a setting."""
    return new is None or new["sk"] in ("control", ACTS) or new["sk"].startswith(SETTINGS)
