"""Several functions at work at once, in any order of their calls: one call at a time, as somebody else decides."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from lambdas.errors import Transient, WindlassError
from lambdas.table import Refused
from rehearsal.faults import Killed

T = TypeVar("T")
FATES = ("before", "after", "kill_before", "kill_after", "late")
"""Of a call: an error before or after it took effect, the end of its process before or after it, an effect to come."""


class Turns:
    """Who is at work, and effects that are to come."""

    def __init__(self) -> None:
        self.late: list[Callable[[], object]] = []

    def over(self, port: T) -> T:
        """The same port, whose calls wait for their turn."""
        return cast(T, _Waiting(self, port))


class Function(threading.Thread):
    """An invocation, which stands still before each of its calls."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._act, self._fate, self.died = act, "", False
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self.start()
        self._stands.acquire()

    def run(self) -> None:
        try:
            self._act()
        except Killed:
            self.died = True
        finally:
            self.over = True
            self._stands.release()

    over = False

    def go(self, fate: str = "") -> None:
        """Let it make its next call, which goes so, and go on to the one after it."""
        self._fate = fate
        self._go.release()
        self._stands.acquire()

    def turn(self) -> str:
        self._stands.release()
        self._go.acquire()
        return self._fate


class _Waiting:
    def __init__(self, turns: Turns, port: Any) -> None:
        self._turns, self._port = turns, port

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*given: Any) -> Any:
            return self._called(cast(Function, threading.current_thread()).turn(), lambda: method(*given))

        return call

    def _called(self, fate: str, effect: Callable[[], Any]) -> Any:
        if fate.endswith("before"):
            raise Killed if fate.startswith("kill") else Transient("nothing happened")
        if fate == "late":
            self._turns.late.append(effect)
            raise Transient("it takes effect later")
        if not fate:
            return effect()
        with suppress(WindlassError, Refused):
            effect()
        raise Killed if fate.startswith("kill") else Transient("the answer was lost")
