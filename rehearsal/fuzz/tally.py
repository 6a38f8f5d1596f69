"""What so many requests came to."""

from collections import Counter
from dataclasses import dataclass, field

from rehearsal.fuzz.asked import Asked
from rehearsal.fuzz.document import Document
from rehearsal.gateway import Answered

FITTING = 0.9
"""Of the requests: so many have to fit the document, or little but the door is tested."""
ACCEPTED = (200, 202)
SHOWN = 300


@dataclass
class Tally:
    document: Document
    requests: int = 0
    fitting: int = 0
    hostile: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By route and status."""
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Requests that fit the document and are answered 400, by route and what was said."""
    broken: list[str] = field(default_factory=list)
    """Answers of 5xx, each with its request."""
    untrue: Counter[str] = field(default_factory=Counter)
    """What the document says otherwise."""
    operations: set[str] = field(default_factory=set)
    """Ids of all that was accepted: operations and batches."""
    configured: set[tuple[str, str]] = field(default_factory=set)
    """Keys of rows that a caller put, and no operation: receivers, alarms, freezes."""
    submitted: set[str] = field(default_factory=set)
    """Operation types of which at least one was accepted."""

    def note(self, asked: Asked, got: Answered) -> None:
        self.requests += 1
        self.hostile += bool(asked.hostile)
        fits = self.document.fits(asked)
        self.fitting += fits
        self.answers[asked.route, got.status] += 1
        if got.status >= 500:
            self.broken.append(
                f"{got.status} {asked.method} {asked.target[:SHOWN]} {(asked.text or '')[:SHOWN]} {got.text[:SHOWN]}"
            )
        if untrue := self.document.untrue(asked, got):
            self.untrue[f"{asked.route} {untrue}"] += 1
        if fits and got.status == 400:
            self.refused[asked.route, got.text[:SHOWN]] += 1
        self._accepted(asked, got)

    def _accepted(self, asked: Asked, got: Answered) -> None:
        kind = asked.template.removeprefix("/operations/")
        if got.status == 202:
            self.submitted.add(kind)
            self.operations.add(got.json["id"])
        elif got.status == 200 and "/ops" in asked.template:
            self.operations.add(got.json["id"])
        elif got.status == 200 and asked.method == "PUT":
            self.configured.add(_configured(asked))

    @property
    def unreached(self) -> list[str]:
        """Routes to which no request went."""
        return sorted(set(self.document.routes) - {route for route, _ in self.answers})

    @property
    def unanswered(self) -> list[str]:
        """Routes that never answered as they usually do."""
        return sorted(set(self.document.routes) - {route for route, status in self.answers if status in ACCEPTED})

    @property
    def share(self) -> float:
        return self.fitting / self.requests if self.requests else 0.0

    def wrong(self, types: set[str]) -> list[str]:
        """What is not as it should be, in sentences; `types` are all operation types there are."""
        found = [f"{len(self.broken)} answers of 5xx, the first: {self.broken[0]}"] if self.broken else []
        if self.share < FITTING:
            found.append(f"{self.share:.1%} of the requests fit the document, fewer than {FITTING:.0%}")
        if self.unreached:
            found.append(f"routes never asked: {', '.join(self.unreached)}")
        if missing := types - self.submitted:
            found.append(f"operations never accepted: {', '.join(sorted(missing))}")
        found += [f"{times}x {said}" for said, times in self.untrue.items()]
        return found


def _configured(asked: Asked) -> tuple[str, str]:
    """The key of the row that this request put, if it was answered 200."""
    sort, path = asked.template.split("/")[-2 if asked.template.endswith("{name}") else -1], asked.path
    if sort in ("webhooks", "notifications"):
        return f"app#{path['application']}", f"{sort.removesuffix('s')}#{path['name']}"
    if sort == "alarms":
        return f"application#{path['application']}", "alarms"
    if sort == "freezes":
        return "freezes", f"freeze#{path['name']}"
    return f"guard#{'/'.join(str(path[one]) for one in ('account', 'region', 'kind', 'name'))}", "guard"
