"""Whose doing an end is, read off its reason: what an application's objective counts, and when a person is called.

A reason is `Name: sentence`, often with the name of what was behind it inside: `RollBack: Exhausted: Throttled: …`.
"""

from lambdas.errors import (
    Braked,
    Broken,
    Cancelled,
    Conflict,
    Denied,
    Expired,
    Kept,
    NoCapacity,
    NotInTime,
    Paused,
    Rejected,
    Revoked,
    Skipped,
    Throttled,
    Transient,
)
from lambdas.rows import Control, Mark, Status

ABANDON = "abandon"
OURS = {one.__name__ for one in (Broken, Transient, Throttled)}
"""A bug of ours, or an AWS that failed for longer than we promise to outlast."""
THEIRS = {
    *(one.__name__ for one in (Rejected, Conflict, NoCapacity, NotInTime, Expired, Cancelled, Paused)),
    *(one.__name__ for one in (Kept, Skipped, Revoked, Braked, Denied)),
    *("rollback", "skip", ABANDON),
}
"""What was asked, what it met, and what people decided (`lambdas.engine.holds`)."""


def our_fault(before: Control, status: Status, reason: str) -> bool:
    """Whether an end is owed to us. What says nothing of itself is: a killed execution, attempts that all died.

    `before`: the operation's row as it was until then.
    """
    said = set(reason.split(": "))
    if status is Status.SUCCEEDED:
        return False
    if status is Status.NOT_STARTED and Expired.__name__ in said:
        return not before.step  # its machine was never begun; else it waited for others' guards, or for a freeze
    if said & OURS:
        return True
    return not said & THEIRS and before.mark not in (Mark.CANCELLED, Mark.REVOKED)


def calls_a_person(before: Control, status: Status, reason: str, *, kept: bool = False) -> bool:
    """Whether something is left that nobody has decided about: the request wanted it `kept`, or somebody said so."""
    decided = kept or before.mark is Mark.REVOKED or ABANDON in reason.split(": ")
    return status is Status.NEEDS_ATTENTION and not decided
