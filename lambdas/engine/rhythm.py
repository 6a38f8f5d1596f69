"""When the sweep looks: how often a wait of what age, and asking for a sweep before the rule's next.

Times of looks follow from a wait's beginning alone, so a look that changes nothing writes nothing.
"""

from contextlib import suppress
from datetime import timedelta

from lambdas.errors import WindlassError
from lambdas.hub import Hub
from lambdas.table import Equal, Key, Refused, Update

HEARTBEAT = Key("sweep", "heartbeat")
EACH = 60.0
"""Seconds between the sweeps that a rule starts."""
SOONEST = 1.0
"""Seconds until a sweep that is asked for at once."""
RHYTHM = ((60.0, 5.0), (600.0, 15.0))
"""Up to this age in seconds, look so often; later each LATE seconds."""
LATE = 60.0
ALARMS = 30.0
"""Seconds between two looks at the alarms that may hold something: an alarm has to hold it within a minute."""


def looks_by(age: float) -> int:
    """How many looks a wait of that age has had."""
    looks, begun = 0, 0.0
    for until, interval in RHYTHM:
        looks += int(max(min(age, until) - begun, 0.0) // interval)
        begun = until
    return looks + int(max(age - begun, 0.0) // LATE)


def next_look(since: float, now: float) -> float:
    """When the wait that began at `since` is looked at next."""
    age, begun, interval = max(now - since, 0.0), 0.0, LATE
    for until, often in RHYTHM:
        if age < until:
            interval = often
            break
        begun = until
    return since + begun + ((age - begun) // interval + 1) * interval


def next_look_at_alarms(since: float, now: float) -> float:
    """When alarms that have been watched since then are looked at next."""
    return since if now < since else since + ((now - since) // ALARMS + 1) * ALARMS


def young_again(due: float, now: float) -> float:
    """From when on the age of a wait counts, once an event has told that it moves; in its first minute it stays so."""
    return now if now - due >= RHYTHM[0][0] else due


def ask(hub: Hub, at: float) -> None:
    """Ask for a sweep at that time, unless one is asked for by then. Best effort: the rule sweeps in any case.

    What is noted is when it comes, not when it was wanted: between the two another would be asked for, each asks for
    the next one, and sweeps would multiply for as long as looks are due within a second.
    """
    with suppress(WindlassError, Refused):
        planned = (hub.table.get(HEARTBEAT) or {}).get("next")
        if (comes := coming(hub, at, planned)) is not None:
            noted(hub, comes, planned)


def coming(hub: Hub, at: float, planned: float | None) -> float | None:
    """When a sweep comes that is wanted at that time; None where the one that is planned is early enough."""
    now = hub.now()
    comes = max(at, now + SOONEST)
    return None if now < (planned or 0.0) <= comes else comes


def noted(hub: Hub, comes: float, planned: float | None, **more: object) -> None:
    """Note in the heartbeat's row when it comes, and more in the same write, and ask for it.

    Raises Refused where another was asked for meanwhile.
    """
    hub.table.write(Update(HEARTBEAT, {"next": comes, **more}, when=(Equal("next", planned),)))
    with suppress(WindlassError):
        hub.sweeper.after(timedelta(seconds=comes - hub.now()))
