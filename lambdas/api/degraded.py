"""What an answer may be behind with, and why: told from one small row, whatever the answer holds.

The table is read directly and is never behind itself. Behind can be what the table was to be told: by a sweep that has
not come, or by a service that does not answer.
"""

from collections.abc import Iterable, Iterator, Sequence

from lambdas.api.views import Degraded, instant
from lambdas.engine import heartbeat, rhythm
from lambdas.engine.heartbeat import Beat
from lambdas.hub import Hub
from lambdas.rows import Control, Open

SILENT = 3 * rhythm.EACH
"""Seconds for which a look may be owed: a sweep that is late by more than two of the rule's is not just late."""

SWEEP = "sweep"
MEANS = {
    SWEEP: "waits are not looked at, lost starts and passed deadlines not made up for: this may be old",
    "states": "operations that were accepted start later, and machines hear later of what has passed or was decided",
    "sqs": "waits are looked at once a minute, whatever their age",
}
UNSEEN = "waits there are shown as they were last seen"


def of(hub: Hub, rows: Iterable[Control], opened: Sequence[Open] = ()) -> tuple[Degraded, ...]:
    """What concerns these operations; one read, and none where all are over. `opened`: their tokens, where known."""
    going = [row for row in rows if not row.status.over]
    if not going:
        return ()
    now, beat = hub.now(), heartbeat.read(hub)
    places = {f"{row.account}/{row.region}" for row in going}
    return (*_silent(now, beat, going, opened), *_troubled(now, beat, places))


def _silent(now: float, beat: Beat, going: Sequence[Control], opened: Sequence[Open]) -> Iterator[Degraded]:
    """The sweep, where a look has been owed for long and none has come since."""
    dues = [row.due for row in going if row.due is not None]
    dues += [rhythm.next_look(one.due or one.since, beat.last) for one in opened]
    owed = min((due for due in dues if due > beat.last), default=now)
    if now - owed > SILENT:
        yield _told(SWEEP, owed, MEANS[SWEEP])


def _troubled(now: float, beat: Beat, places: set[str]) -> Iterator[Degraded]:
    for name, trouble in sorted(beat.troubles.items()):
        place, _, cloud = name.rpartition(" ")
        if trouble.counts(now) and (not place or place in places):
            yield _told(f"{cloud} {place}".strip(), trouble.since, UNSEEN if place else MEANS[name])


def _told(service: str, since: float, means: str) -> Degraded:
    return Degraded(service=service, since=instant(since), means=means)
