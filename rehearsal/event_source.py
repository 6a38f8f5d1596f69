"""What Lambda makes of a shard of a stream: batches, several side by side, those of one item in order."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from zlib import crc32

from rehearsal.clock import Clock
from rehearsal.ports import REDELIVERY, STREAM_AGE

T = TypeVar("T")
SIZE, AT_ONCE = 100, 10
"""Records of a batch at most, batches at work at once: as the stack says (`stacks/streams.py`, `stacks/push.py`)."""


@dataclass(frozen=True)
class Invocation:
    """What came of a batch."""

    done: int | None
    """Records that were dealt with, from the first one on; None: the function died."""
    took: float = 0.0
    """Seconds."""


class EventSource(Generic[T]):
    """Records to one function. From a record that fails on they come again; a batch in which it dies, in halves."""

    def __init__(
        self, clock: Clock, handle: Callable[[Sequence[T]], Invocation], *, size: int = SIZE, at_once: int = AT_ONCE
    ) -> None:
        self._strands = [Strand(clock, handle, size) for _ in range(at_once)]

    def add(self, item: str, record: T) -> None:
        self._strands[crc32(item.encode()) % len(self._strands)].add(record)

    @property
    def is_busy(self) -> bool:
        """Whether a batch is at work, or a record waits."""
        return any(one.is_busy or one.waiting for one in self._strands)

    @property
    def age(self) -> float:
        """Seconds for which the oldest record has waited to be dealt with."""
        return max(one.age for one in self._strands)

    def clear(self) -> None:
        """No record is on its way."""
        for one in self._strands:
            one.waiting.clear()


class Strand(Generic[T]):
    """The records of some items, one batch after the other."""

    def __init__(self, clock: Clock, handle: Callable[[Sequence[T]], Invocation], size: int) -> None:
        self._clock, self._handle, self._size = clock, handle, size
        self.waiting: deque[tuple[float, T]] = deque()
        self._limit, self.is_busy = size, False

    @property
    def age(self) -> float:
        """Seconds for which its oldest record has waited."""
        return self._clock.now - self.waiting[0][0] if self.waiting else 0.0

    def add(self, record: T) -> None:
        self.waiting.append((self._clock.now, record))
        if not self.is_busy:
            self._deliver()

    def _deliver(self) -> None:
        self.is_busy = False
        while self.waiting and not self.is_busy:
            batch = [record for _, record in list(self.waiting)[: self._limit]]
            got = self._handle(batch)
            self._pass_on(got.done or 0)
            self._limit = max(1, len(batch) // 2) if got.done is None else self._size
            again = REDELIVERY if got.done is None or got.done < len(batch) else 0.0
            if again + got.took:
                self.is_busy = True
                self._clock.at(again + got.took, self._deliver)

    def _pass_on(self, done: int) -> None:
        """What was dealt with, and what is too old for another try."""
        for _ in range(done):
            self.waiting.popleft()
        while self.waiting and self._clock.now - self.waiting[0][0] >= STREAM_AGE:
            self.waiting.popleft()
