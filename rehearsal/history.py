"""Events as GetExecutionHistory gives them."""

from typing import NamedTuple

from .jsontext import Json, encode

MOST_EVENTS = 25_000
"""Step Functions fails an execution whose history would grow beyond."""

_AS_TEXT = ("input", "output", "parameters")
_TRUNCATED = {"input": "inputDetails", "output": "outputDetails"}


class Event(NamedTuple):
    """Kept as it happened; written out only when somebody looks."""

    number: int
    previous: int
    time: float
    kind: str
    details: dict[str, Json]

    def shown(self) -> dict[str, Json]:
        """What has no value is left out."""
        written: dict[str, Json] = {
            "timestamp": self.time,
            "type": self.kind,
            "id": self.number,
            "previousEventId": self.previous,
        }
        if self.details:
            written[_block(self.kind)] = _written(self.details)
        return written


def _written(details: dict[str, Json]) -> dict[str, Json]:
    written: dict[str, Json] = {}
    for name, value in details.items():
        if name in _AS_TEXT:
            written[name] = encode(value)
            if name in _TRUNCATED:
                written[_TRUNCATED[name]] = {"truncated": False}
        elif value is not None:
            written[name] = value
    return written


def _block(kind: str) -> str:
    for verb in ("Entered", "Exited"):
        if kind.endswith(f"State{verb}"):
            return f"state{verb}EventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"
