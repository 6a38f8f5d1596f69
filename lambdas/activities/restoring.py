"""One thing that is to be different: applied once, put back exactly, and only where nobody else has changed it since.

For every operation whose change is a whole state written over another: a record, tags, a policy. A plan holds the state
from before and the state asked for; None is absence. What anybody else has made of the thing is left as it is.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from lambdas.cloud import Cloud
from lambdas.errors import NotFound, Rejected, RollBack

S = TypeVar("S")
Write = Callable[[S], Any]
"""Makes it so; None, where a plan can hold that, removes it."""


def read(find: Callable[[], S]) -> S | None:
    """What a port finds, or None where that raises NotFound."""
    try:
        return find()
    except NotFound:
        return None


def apply(what: str, there: object, before: S, after: S, write: Write[S]) -> str:
    """Make it so. Raises Rejected where somebody has changed it since it was planned."""
    if there == after:
        return f"{what} is so already"
    if there != before:
        raise Rejected(f"{what} has been changed by somebody else since this operation was planned; post again")
    write(after)
    return _said(what, before, after)


def restore(what: str, there: object, before: S, after: S, write: Write[S], cloud: Cloud) -> str:
    """Make it again as it was before, unless somebody has changed it since: then that is left, and said."""
    if there == before:
        return f"{what} is as it was"
    if there != after:
        finding = f"{what} is no longer as this operation made it: left as it is"
        cloud.findings.append(finding)
        return finding
    write(before)
    return _said(what, after, before)


def left_behind(what: str, there: object, before: object, after: object) -> None:
    """Whether it is as this operation made it although it was put back, for a write landed late: then RollBack."""
    if before != after and there == after:
        raise RollBack(f"{what} is as this operation made it")


Difference = tuple[dict[str, Any] | None, dict[str, Any] | None]


def difference(kind: str, before: Any, after: Any) -> Difference:
    """What stood there before and what shall stand there, for people: dataclasses as maps, absent ones as None."""
    return _shown(kind, before), _shown(kind, after)


def _shown(kind: str, state: Any) -> dict[str, Any] | None:
    return None if state is None else {kind: asdict(state)}


def _said(what: str, was: object, now: object) -> str:
    if isinstance(was, int) and isinstance(now, int):
        return f"{what} changed from {was} to {now}"
    return f"{what} {'made' if was is None else 'removed' if now is None else 'changed'}"
