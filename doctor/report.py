"""What the doctor found, as a table for people and as JSON for pipelines."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from rich.console import Console
from rich.table import Table

SAFE, UNSAFE, BLIND = 0, 1, 2
"""Exit codes: nothing stands against it, something does, it could not be seen."""


class Weight(StrEnum):
    """What a finding means for what is planned."""

    BREAKS = "breaks"
    """It would break this."""
    WAIT = "wait"
    """Not now: this comes first."""
    NOTE = "note"
    """Good to know."""


@dataclass(frozen=True)
class Finding:
    weight: Weight
    about: str
    """Which thing: `operation 3jk…`, `alarm windlass-sweep-silent`."""
    what: str
    remedy: str = ""


@dataclass(frozen=True)
class Report:
    title: str
    counts: Mapping[str, int]
    """What was looked at."""
    findings: tuple[Finding, ...]

    @property
    def safe(self) -> bool:
        return all(one.weight is Weight.NOTE for one in self.findings)

    @property
    def code(self) -> int:
        return SAFE if self.safe else UNSAFE

    def as_json(self) -> str:
        told = {"title": self.title, "safe": self.safe, "counts": dict(self.counts)}
        return json.dumps(told | {"findings": [asdict(one) for one in self.findings]}, indent=2)

    def show(self, console: Console) -> None:
        """The heaviest first; what many things have in common is told once."""
        looked = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        console.print(f"{self.title}: looked at {looked}", markup=False, highlight=False, soft_wrap=True)
        if self.findings:
            console.print(_table(self.findings))
        verdict = "safe" if self.safe else "not safe: see what breaks and what to wait for"
        console.print(verdict, markup=False, highlight=False)


SHOWN = 20
"""Rows of the table; `--json` has all."""


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("", "about", "what", "what to do"):
        table.add_column(name, overflow="fold")
    ordered = sorted(findings, key=lambda one: [*Weight].index(one.weight))
    for one in ordered[:SHOWN]:
        table.add_row(one.weight.value, one.about, one.what, one.remedy)
    if len(ordered) > SHOWN:
        table.add_row("", f"{len(ordered) - SHOWN} more", "--json shows all", "")
    return table
