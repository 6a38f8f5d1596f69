"""What every line of the log tells of the operation that it is about, as far as that is known.

An invocation says what it was asked (`begin`), whoever reads an operation's row says so (`of`); nobody passes it on.
Lines get it from a filter, so that it is there whichever logger writes them.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from lambdas.rows import Control

_ASKED: ContextVar[Mapping[str, Any]] = ContextVar("asked")
_ROW: ContextVar[Control | None] = ContextVar("row", default=None)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""


def begin(**known: Any) -> None:
    """What comes is about this; nothing more of it is known yet."""
    _ASKED.set(known)
    _ROW.set(None)


def of(row: Control) -> None:
    """What comes is about this operation."""
    _ROW.set(row)


def told() -> dict[str, Any]:
    """What a line would tell now."""
    asked, row = _ASKED.get({}), _ROW.get()
    if row is None:
        return _known(asked)
    same = asked.get("operation") in (None, row.id)
    return _known({**dict(_of_row(row)), **(asked if same else {}), **_attempt(row, asked if same else {})})


def traces(trace: str | None) -> dict[str, str | None]:
    """The caller's own id, by whose it is: that of a pipeline of Spinnaker, or of a trace."""
    return {"traceparent" if trace and _TRACEPARENT.fullmatch(trace) else "spinnaker": trace}


class Known(logging.Filter):
    """Adds to a line what is known, and lets every line pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in told().items():
            if getattr(record, name, None) is None:
                setattr(record, name, value)
        return True


def install(*handlers: logging.Handler) -> None:
    """Let lines that these handlers write, and those of the runtime, tell it; once for a process."""
    for handler in (*handlers, *logging.getLogger().handlers):
        if not any(isinstance(one, Known) for one in handler.filters):
            handler.addFilter(Known())


def _of_row(row: Control) -> Iterator[tuple[str, Any]]:
    yield from (("operation", row.id), ("saga", row.saga), ("execution", row.execution), ("step", row.step))
    yield from (("caller", row.caller), ("user", row.user))
    yield from traces(row.trace).items()


def _attempt(row: Control, asked: Mapping[str, Any]) -> dict[str, int]:
    """The row's is that of its own step."""
    return {"attempt": row.attempt} if asked.get("step", row.step) == row.step and row.attempt else {}


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value not in (None, "")}
