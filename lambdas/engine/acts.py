"""What people did about a thing: who locked it, took the lock off, took it by force, and why. The last are kept.

The row is written in the transaction that does the thing, on condition that nobody else did anything meanwhile.
"""

from contextlib import suppress
from dataclasses import dataclass

from lambdas.errors import Transient
from lambdas.hub import Hub
from lambdas.table import Equal, Item, Key, Put, Refused, Write

KEPT = 20
TRIES = 3
ITSELF = "windlass"
"""Who does what people said it should do when a time is over."""


@dataclass(frozen=True)
class Act:
    """One thing that a person did."""

    at: float
    by: str
    did: str


def read(hub: Hub, pk: str) -> tuple[Act, ...]:
    """The last acts on the thing whose rows have that key, newest first."""
    return _acts(hub.table.get(_key(pk)) or {})


def act(hub: Hub, pk: str, by: str, did: str) -> Put:
    """The write that keeps one more."""
    row = hub.table.get(_key(pk)) or {}
    version = row.get("version", 0)
    acts = (Act(hub.now(), by, did), *_acts(row))[:KEPT]
    kept = {"acts": [vars(one) for one in acts], "version": version + 1}
    return Put(_key(pk), kept, (Equal("version", version or None),))


def write(hub: Hub, pk: str, by: str, did: str, *writes: Write) -> None:
    """These writes with the act, all or nothing; once more where somebody else acted on the thing meanwhile."""
    for _ in range(TRIES):
        with suppress(Refused):
            return hub.table.write(*writes, act(hub, pk, by, did))
    raise Transient(f"others act on {pk} at the same moment")


def _acts(row: Item) -> tuple[Act, ...]:
    return tuple(Act(one["at"], one["by"], one["did"]) for one in row.get("acts", ()))


def _key(pk: str) -> Key:
    return Key(pk, "acts")
