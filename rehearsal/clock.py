"""Virtual time: a queue of what is to happen when. Nothing here, or in what hangs on it, reads a wall clock."""

import heapq
import itertools
import math
import time
from collections.abc import Callable, Iterator
from functools import lru_cache

EPOCH = 1_767_225_600.0
"""2026-01-01T00:00:00Z: where a clock starts unless told otherwise, so that ISO times look real."""


class Timer:
    """One thing to come. Cancelling what has already happened does nothing."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        self.call = None


class Clock:
    """`now` is in seconds since 1970. What is due at the same time happens in the order it was asked for."""

    def __init__(self, now: float = EPOCH) -> None:
        self.now = now
        self._queue: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def reset(self, now: float) -> None:
        """Nothing is to come, and it is that time."""
        self.now = now
        self._queue.clear()

    def at(self, delay: float, call: Callable[[], object]) -> Timer:
        """Call it `delay` seconds from now: from a later turn of the queue, even when the delay is 0."""
        if delay < 0:
            raise ValueError(f"the past cannot be scheduled: {delay} s")
        timer = Timer(call)
        heapq.heappush(self._queue, (self.now + delay, next(self._order), timer))
        return timer

    def to_come(self) -> Iterator[tuple[float, Callable[[], object]]]:
        """What is due, each with its time, in no order."""
        return ((due, timer.call) for due, _, timer in self._queue if timer.call is not None)

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Go on until `until()` holds or nothing is left to come; what was cancelled moves no time."""
        while not until() and self._advance(math.inf):
            pass

    def drain(self, seconds: float) -> None:
        """Let so much time pass, with all that is due in it."""
        end = self.now + seconds
        while self._advance(end):
            pass
        self.now = end

    def _advance(self, end: float) -> bool:
        """Do the next thing due by `end`; false when there is none."""
        queue = self._queue
        while queue and queue[0][0] <= end:
            due, _, timer = heapq.heappop(queue)
            call = timer.call
            if call is None:
                continue
            self.now = due
            call()
            return True
        return False


def iso(now: float) -> str:
    """As Step Functions writes times: 2026-01-01T00:00:00.000Z."""
    milliseconds = round(now * 1000)
    return f"{_seconds(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _seconds(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
