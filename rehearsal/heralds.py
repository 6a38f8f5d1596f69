"""A world that tells what happens in it: the real herald beside the projector, a bus that remembers."""

from typing import Any

from lambdas.push import herald
from lambdas.push.events import concerns
from lambdas.push.model import Event
from lambdas.push.office import Office
from lambdas.table import Item
from rehearsal.ports import Stream
from rehearsal.world import World


class TellingWorld(World):
    """Rehearsals that ask how operations end have no herald: it never touches one."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.heard: list[Event] = []
        """What the bus was given, in order."""
        bus = self.faults.over("bus", Bus(self.heard))
        self.office = Office(self.hub.table, bus, self.hub.push, lambda: self.clock.now, "urn:windlass:rehearsal")
        self.deaf = False
        """Whether the stream loses every record on its way to the herald."""
        self.tellings = Stream(self.clock, self._told)
        self.table.on_change(self._follow, concerns)
        self.push.herald = self._asked

    def _follow(self, old: Item | None, new: Item | None) -> None:
        if not self.deaf:
            self._delivered(lambda: self.tellings.changed(old, new))

    def _told(self, old: Item | None, new: Item | None) -> bool:
        return self._quietly("herald", lambda: herald.changed(self.office, old, new, self.clock.now))

    def _asked(self, operation: str) -> None:
        self.clock.at(1, lambda: self._quietly("herald", lambda: herald.catch_up(self.office, operation)))


class Bus:
    """`lambdas.push.office.Bus`."""

    def __init__(self, heard: list[Event]) -> None:
        self._heard = heard

    def put(self, event: Event) -> None:
        self._heard.append(event)
