"""What an act showed, without what differs from run to run, so that two places can be compared."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

VOLATILE = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "<time>"),
    (r"1-[0-9a-f]{8}-[0-9a-f]{24}", "<trace>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
    (r"\b[a-z2-7]{26}\b", "<operation>"),
    (r"(-v\d{3})-[0-9a-f]{8}\b", r"\1-<operation>"),
    (r"\b(i|sg|subnet|vpc|ami|lt|vol|eni|r)-[0-9a-f]{6,17}\b", r"<\1>"),
    (r"\b(targetgroup|loadbalancer/app)/([\w-]+)/[0-9a-f]{16,17}\b", r"\1/\2/<id>"),
    (r"\b\d{12}\b", "<account>"),
    (r"\b[a-z]{2}-[a-z]+-\d[a-f]\b", "<zone>"),
    (r"\b\d+(\.\d+)? s\b", "<seconds>"),
)
"""Patterns of what no two runs share, and what stands for them."""


@dataclass(frozen=True)
class Record:
    """One act, as it was played in one place."""

    act: str
    status: str
    """Of the operation, at its end."""
    path: list[str]
    """The states that its execution entered, each once for each entry."""
    did: dict[str, str] = field(default_factory=dict)
    """What each step said that it did."""
    answer: Any = None
    """To the submission."""
    view: Any = None
    """Of the operation, at its end."""
    cloud: Any = None
    """The server group that was made, as Auto Scaling describes it, and its launch template."""

    def lines(self) -> dict[str, str]:
        """All of it, a line for each value, by its place."""
        return dict(_flat("", _stable(asdict(self))))


@dataclass(frozen=True)
class Difference:
    act: str
    where: str
    here: str | None
    there: str | None


def differences(here: Record, there: Record) -> list[Difference]:
    """Every value that is not the same in both; None where one has none."""
    mine, theirs = here.lines(), there.lines()
    return [
        Difference(here.act, where, mine.get(where), theirs.get(where))
        for where in sorted({*mine, *theirs})
        if mine.get(where) != theirs.get(where)
    ]


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _stable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_stable(one) for one in value]
    if isinstance(value, str):
        for pattern, stands in VOLATILE:
            value = re.sub(pattern, stands, value)
    return value


def _flat(where: str, value: Any) -> Iterator[tuple[str, str]]:
    """Lists too are gone through by place; one of texts alone is one line, since its order tells a story."""
    if isinstance(value, dict) and value:
        for name, one in value.items():
            yield from _flat(f"{where}.{name}" if where else name, one)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for number, one in enumerate(value):
            yield from _flat(f"{where}[{number}]", one)
    else:
        yield where, value if isinstance(value, str) else json.dumps(value, default=str)
