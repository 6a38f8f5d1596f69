"""A world that tells what happens in it: the real herald and courier, a bus that remembers, receivers that answer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from lambdas.audit.scribe import Scribe
from lambdas.push import courier, herald
from lambdas.push.events import concerns
from lambdas.push.formats import Message
from lambdas.push.herald import Change
from lambdas.push.letters import Answered
from lambdas.push.model import Event
from lambdas.push.office import Office
from lambdas.table import Item
from rehearsal.event_source import EventSource, Invocation
from rehearsal.world import World

Answer = Callable[[str], Answered]


class TellingWorld(World):
    """Rehearsals that ask how operations end have no herald: it never touches one."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.heard: list[Event] = []
        """What the bus was given, in order."""
        self.outside = Outside()
        self.shelf = Shelf()
        """The pages that were written."""
        self.deaf = False
        """Whether the stream loses every record on its way to the herald."""
        self.tellings = EventSource(self.clock, self._told)
        self.office = Office(
            table=self.hub.table,
            bus=self.faults.over("bus", Bus(self.heard)),
            letters=self.faults.over("letters", Letters(self.outside)),
            topics=self.faults.over("topics", Topics(self.outside)),
            push=self.hub.push,
            scribe=Scribe(self.hub.table, self.faults.over("shelf", self.shelf), lambda: self.clock.now),
            sagas=self.sagas,
            now=lambda: self.clock.now,
            source="urn:windlass:rehearsal",
        )
        self.table.on_change(self._follow, concerns)
        self.push.herald = self._asked
        self.push.courier = self._errand

    def _follow(self, old: Item | None, new: Item | None) -> None:
        if not self.deaf:
            row, record = new or old or {}, Change(old, new, self.clock.now)
            self._delivered(lambda: self.tellings.add(f"{row['pk']} {row['sk']}", record))

    def _told(self, changes: Sequence[Change]) -> Invocation:
        """As the handler: what fails it answers with."""
        done, answers, before = 0, True, self.faults.spent

        def tell() -> None:
            nonlocal done, answers
            answers = False
            try:
                for done in herald.changed(self.office, changes):  # noqa: B007
                    pass
            except Exception:
                answers = True
                raise
            answers = True

        self._quietly("herald", tell)
        took = self.faults.spent - before if self._paced else 0.0
        return Invocation(done if answers else None, took)

    def _asked(self, operation: str) -> None:
        self.clock.at(1, lambda: self._quietly("herald", lambda: herald.catch_up(self.office, operation)))

    def _errand(self, operation: str, delivery: str, after: timedelta) -> None:
        self._delivered(lambda: self.clock.at(after.total_seconds(), lambda: self._deliver(operation, delivery)))

    def _deliver(self, operation: str, delivery: str) -> None:
        self._quietly("courier", lambda: courier.deliver(self.office, operation, delivery))


class Shelf:
    """`lambdas.audit.scribe.Shelf`."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}

    def put(self, key: str, body: bytes) -> bool:
        return self.pages.setdefault(key, body) is body

    def get(self, key: str) -> bytes:
        return self.pages[key]


class Outside:
    """Whoever receives: `answer` says how a URL or a topic takes what is sent there."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Mapping[str, str], str]] = []
        """URL or topic, headers or attributes, body; taken or not."""
        self.answer: Answer = lambda to: Answered(204, "answered 204")


class Bus:
    """`lambdas.push.office.Bus`."""

    def __init__(self, heard: list[Event]) -> None:
        self._heard = heard

    def put(self, *events: Event) -> None:
        self._heard.extend(events)


class Letters:
    """`lambdas.push.letters.Letters`."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def post(self, url: str, body: str, headers: Mapping[str, str]) -> Answered:
        self._outside.got.append((url, headers, body))
        return self._outside.answer(url)


class Topics:
    """`lambdas.push.office.Topics`."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def publish(self, topic: str, message: Message) -> Answered:
        self._outside.got.append((topic, message.attributes, message.body))
        return self._outside.answer(topic)
