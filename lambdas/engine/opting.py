"""Opting accounts in and out: one conditional write for each change, told among the account's acts.

An account that is opted out keeps its row: nothing new is accepted for it, and what was accepted before still finds its
role, to its end or on its way back. So a change never strands what it could not see.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.engine import acts
from lambdas.errors import WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control, control_key, control_of, short
from lambdas.table import Absent, Condition, Equal, Key, Put, Refused

log = logging.getLogger(__name__)
FAR = 10 * 366 * 86_400.0
"""Seconds in which whatever is open has something to do."""
MOST_WAITING = 10_000
"""Operations not yet started that are looked through, of each shard."""
TOLD = 400
"""Bytes of one act."""


class Changed(WindlassError):
    """Somebody else has changed the account since it was read."""


def opt_in(hub: Hub, wanted: Account, known: Account | None, by: str) -> Account:
    """Keep what is wanted in the place of what is known. The same once more changes nothing. Raises Changed.

    Returns the account as it stands.
    """
    if known is not None and same(known, wanted):
        return known
    stands = replace(wanted, version=(known.version if known else 0) + 1, closed=None)
    return _written(hub, stands, known, by, _told(known, stands))


def opt_out(hub: Hub, known: Account, by: str) -> Account:
    """Accept nothing new for it. Twice is once. Raises Changed."""
    if known.closed is not None:
        return known
    stands = replace(known, version=known.version + 1, closed=hub.now())
    return _written(hub, stands, known, by, f"opted account {known.name} out")


def open_operations(hub: Hub, account: str) -> list[Control]:
    """What is accepted for it and not over, the oldest first: each has a row that is due some day.

    The index may lag behind writes by a second: what has just been accepted may be missing.
    """
    some_day = hub.now() + FAR
    items = (*hub.table.due(some_day), *hub.table.backlog(some_day, MOST_WAITING))
    named = {one["pk"].removeprefix("op#") for one in items if one.get("account") == account}
    rows = (hub.table.get(control_key(one)) for one in named)
    found = [control_of(row) for row in rows if row is not None]
    return sorted((one for one in found if not one.status.over), key=lambda one: (one.accepted, one.id))


def strands(known: Account, wanted: Account) -> str | None:
    """What of the change an operation at work there could not survive."""
    if known.id != wanted.id:
        return f"its id may not become {wanted.id}"
    if gone := [one for one in known.regions if one not in wanted.regions]:
        return f"Region {', '.join(gone)} may not go"
    return None


def same(known: Account, wanted: Account) -> bool:
    """Whether what is wanted stands already."""
    return replace(known, version=0) == replace(wanted, version=0)


def acts_key(name: str) -> str:
    """Of the partition where the account's acts are."""
    return f"account#{name}"


def _written(hub: Hub, stands: Account, known: Account | None, by: str, did: str) -> Account:
    place = accounts.key(stands.name)
    told = acts.act(hub, acts_key(stands.name), by, short(did, TOLD))
    try:
        hub.table.write(Put(place, accounts.row_of(stands), (_unchanged(known),)), told)
    except Refused:
        return _other(hub, place, stands)
    log.info("%s %s", by, did)
    return stands


def _other(hub: Hub, place: Key, wanted: Account) -> Account:
    """What stands there now, if somebody else, or this very request the first time, wrote the same."""
    row = hub.table.get(place)
    stands = accounts.account_of(row) if row else None
    if stands is not None and (same(stands, wanted) or (stands.closed and wanted.closed)):
        return stands
    version = f"it is at version {stands.version} now" if stands else "it is not there any more"
    raise Changed(f"account {wanted.name} was changed by somebody else meanwhile: {version}; read it and send it again")


def _unchanged(known: Account | None) -> Condition:
    return Absent() if known is None else Equal("version", known.version or None)


def _told(known: Account | None, stands: Account) -> str:
    if known is None:
        return f"opted account {stands.name} in: {'; '.join(_values(stands))}"
    before = "opted in again" if known.closed is not None else "changed"
    return f"{before} account {stands.name}: {'; '.join(_differences(known, stands)) or 'as it was'}"


def _values(account: Account) -> Iterator[str]:
    return (f"{name} {_shown(value)}" for name, value in accounts.row_of(account).items() if name not in _UNTOLD)


def _differences(known: Account, stands: Account) -> Iterator[str]:
    old, new = accounts.row_of(known), accounts.row_of(stands)
    for name in dict.fromkeys((*old, *new)):
        if name not in _UNTOLD and old.get(name) != new.get(name):
            yield f"{name} {_shown(new.get(name))}, was {_shown(old.get(name))}"


_UNTOLD = ("name", "version", "closed")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
