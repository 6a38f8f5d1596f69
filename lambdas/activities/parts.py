"""Several things of one kind that change together: each applied once, put back by itself, and only where it is ours.

As `restoring`, for tags by key, scheduled actions by name, settings by field: one that somebody else has changed since
stays as it is, and keeps none of the others from being put back. A plan holds each part before and after; None is
absence.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from lambdas.cloud import Cloud
from lambdas.errors import Rejected, RollBack

S = TypeVar("S")
Parts = Mapping[str, S | None]
"""By the part's name; one that is not in it is absent."""


def pending(what: str, there: Parts[S], before: Parts[S], after: Parts[S]) -> dict[str, S | None]:
    """What is still to be written. Raises Rejected where somebody has changed one since it was planned."""
    waiting = {name: state for name, state in after.items() if there.get(name) != state}
    if strange := [name for name in waiting if there.get(name) != before.get(name)]:
        raise Rejected(
            f"{what} {_listed(strange)} has been changed by somebody else since this operation was planned; post again"
        )
    return waiting


def undone(what: str, there: Parts[S], before: Parts[S], after: Parts[S], cloud: Cloud) -> dict[str, S | None]:
    """What is to be written back; parts that somebody has changed since are left, and said."""
    others = {name: state for name, state in after.items() if there.get(name) != before.get(name)}
    strange = [name for name, state in others.items() if there.get(name) != state]
    if strange:
        cloud.findings.append(f"{what} {_listed(strange)} is no longer as this operation made it: left as it is")
    return {name: before.get(name) for name in others if name not in strange}


def left_behind(what: str, there: Parts[S], before: Parts[S], after: Parts[S], *, singly: bool = False) -> None:
    """Whether they are as this operation made them although they were put back, for a write landed late: then RollBack.

    One call writes them all, so where only some are so, somebody else has had a hand in it; but `singly`, each by its
    own call, any one is enough.
    """
    changed = [name for name, state in after.items() if before.get(name) != state]
    as_made = [name for name in changed if there.get(name) == after[name]]
    if as_made and (singly or as_made == changed):
        raise RollBack(f"{what} {_listed(as_made)} is as this operation made it")


def puts(parts: Parts[S]) -> dict[str, S]:
    """Those that shall be there."""
    return {name: state for name, state in parts.items() if state is not None}


def removals(parts: Parts[S]) -> list[str]:
    """Those that shall not."""
    return [name for name, state in parts.items() if state is None]


def said(what: str, parts: Parts[S]) -> str:
    """What was done to them, in a sentence."""
    made, gone = list(puts(parts)), removals(parts)
    sentences = [f"{verb} {what} {_listed(names)}" for verb, names in (("put", made), ("removed", gone)) if names]
    return ", ".join(sentences) or f"{what} is so already"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
