"""Things of one kind by name, each with what it was, so that a read can be as late as a real one."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Shelf(Generic[T]):
    """Holds immutable things. `lag` is how old a read is: where it is 0, no past is kept."""

    def __init__(self, lag: float) -> None:
        self.lag = lag
        self.things: dict[str, T] = {}
        self._past: dict[str, list[tuple[float, T | None]]] = {}

    def put(self, name: str, thing: T, at: float) -> None:
        if self.lag:
            self._remember(name, at, thing)
        self.things[name] = thing

    def take(self, name: str, at: float) -> None:
        """Absent afterwards, whether or not it was there."""
        if self.lag:
            self._remember(name, at, None)
        self.things.pop(name, None)

    def kept(self) -> Callable[[], None]:
        """What is there now; call it to have that again, as if it had always been there."""
        things = dict(self.things)

        def restore() -> None:
            self.things = dict(things)
            self._past.clear()

        return restore

    def get(self, name: str) -> T | None:
        """As it really is."""
        return self.things.get(name)

    def seen(self, name: str, at: float) -> T | None:
        """As a read at that time shows it."""
        past = self._past.get(name)
        if past is None:
            return self.things.get(name)
        while len(past) > 1 and past[1][0] <= at - self.lag:
            del past[0]
        return past[0][1]

    def all_seen(self, at: float) -> dict[str, T]:
        """All things as a listing at that time shows them, in order of name."""
        if not self._past:
            return dict(sorted(self.things.items()))
        found = {name: self.seen(name, at) for name in sorted(self.things.keys() | self._past.keys())}
        return {name: thing for name, thing in found.items() if thing is not None}

    def unseen(self, at: float) -> Iterator[tuple[str, T | None, int, T | None]]:
        """Changes that reads at that time do not show yet: name, what they show, seconds ago, what it became."""
        for name, past in self._past.items():
            yield from (
                (name, self.seen(name, at), round(at - changed), thing)
                for changed, thing in past
                if changed > at - self.lag
            )

    def _remember(self, name: str, at: float, thing: T | None) -> None:
        past = self._past.setdefault(name, [(float("-inf"), self.things.get(name))])
        past.append((at, thing))
