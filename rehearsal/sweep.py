"""The fault sweep: every call that an operation makes goes wrong in every way, one run for each, and each is judged.

A run is judged by the end expected of its faults, by the cloud at that end and again after everything late has landed,
by what is left in the table, and by invariants after every call. What is not tried is counted, with its reason.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from rehearsal.faults import Call
from rehearsal.trials import (
    CANCEL,
    FOR_GOOD,
    LIFTED,
    SIGNALS,
    Fault,
    Golden,
    Run,
    Scenario,
    Trial,
    golden_of,
    run,
)
from rehearsal.verdicts import LASTS, PUT_BACK, of_the_cloud, problems, single
from rehearsal.world import NeverEnds

__all__ = ["Fault", "Golden", "Run", "Scenario", "Trial", "golden_of", "of_the_cloud", "problems", "run"]

Chosen = Callable[[Call], bool]

SINGLES = (*LIFTED, *SIGNALS)
"""Kinds of which one alone is tried; those `FOR_GOOD` are for the way back."""
WITH_SIGNALS = ("before", "after", "kill_after", "late", "hang", "minute_late", "minutes_late")
"""What goes wrong with the very call before which a signal comes."""
OUTLIVES = ("after", "kill_after", "hang", "minutes_late")
"""Of these, those that leave an effect which somebody has to find: what is tried of all operations each day."""
ELSEWHERE = (
    "a signal as a call goes wrong: of plain scenarios, where the call has an effect that outlives it; or --whole"
)
SECONDS = (*LIFTED, FOR_GOOD)
"""What goes wrong on the way back."""


@dataclass(frozen=True)
class Survivor:
    """Faults that Windlass did not master."""

    scenario: str
    trial: Trial
    where: str
    problems: tuple[str, ...]
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.scenario} {shown(self.trial)} ({self.where}): {'; '.join(self.problems)}; {' '.join(self.path)}"


@dataclass
class Report:
    """What a sweep of one scenario found."""

    scenario: str
    calls: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    """Runs, by the kinds of their faults: `after`, `late+cancel`, `reject, then kill_after`."""
    ends: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    """What was not tried, by the reason."""
    survivors: list[Survivor] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.tried.update(other.tried)
        self.ends.update(other.ends)
        self.skipped.update(other.skipped)
        self.survivors.extend(other.survivors)

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.tried.items()))
        return f"{self.scenario}: {self.calls} calls; {kinds}; {len(self.survivors)} survivors"


def shown(trial: Trial) -> str:
    return ",".join(map(str, trial)) or "no fault"


def sweep(scenario: Scenario, kinds: Iterable[str], chosen: Chosen = lambda call: True) -> Report:
    """Every chosen call, every kind that makes sense for it, one run each."""
    golden, kinds = golden_of(scenario), tuple(kinds)
    report = Report(scenario.name, len(golden.calls))
    for call in filter(chosen, golden.calls):
        report.add(singles(scenario, golden, call, kinds))
    return report


def singles(
    scenario: Scenario, golden: Golden, call: Call, kinds: Iterable[str], *, together: Collection[str] = WITH_SIGNALS
) -> Report:
    """This call goes wrong in each way; each signal comes just before it, alone and as it goes wrong in `together`."""
    report = Report(scenario.name, len(golden.calls))
    for kind in kinds:
        for trial in _singles(call, kind):
            if reason := not_applicable(golden, call, kind) or (
                len(trial) > 1 and trial[0].kind not in together and ELSEWHERE
            ):
                report.skipped[reason] += 1
            else:
                report.add(judged(scenario, golden, trial, str(call)))
    return report


def _singles(call: Call, kind: str) -> Iterator[Trial]:
    fault = Fault(call.number, kind)
    yield (fault,)
    if kind in SIGNALS:
        yield from ((Fault(call.number, other), fault) for other in WITH_SIGNALS)


def not_applicable(golden: Golden, call: Call, kind: str) -> str:
    """Why this kind means nothing at this call; empty where it does."""
    if kind in LASTS and not of_the_cloud(call):
        return "the hub's own table and machines fail for a while, they do not refuse"
    if kind in SIGNALS and call.number <= golden.accepted:
        return "no signal reaches an operation that is not accepted yet"
    return ""


def doubles(scenario: Scenario, golden: Golden, first: Fault, kinds: Iterable[str]) -> Report:
    """The first leads back; then every later call goes wrong in each way."""
    report, kinds = Report(scenario.name, len(golden.calls)), tuple(kinds)
    call = golden.call(first.number)
    if reason := not_applicable(golden, call, first.kind) or _leads_nowhere(golden, call, first):
        report.skipped[reason] += 1
        return report
    try:
        alone = run(scenario, (first,))
    except NeverEnds as never:
        report.survivors.append(Survivor(scenario.name, (first,), str(call), (str(never),), ()))
        return report
    if alone.world.control(alone.operation).status not in PUT_BACK:
        report.skipped["the first fault does not lead back"] += 1
        return report
    for second, kind in product((one for one in alone.calls if one.number > first.number), kinds):
        trial = (first, Fault(second.number, kind))
        if reason := not_applicable(golden, second, kind) or _as_another(second, kind):
            report.skipped[reason] += 1
            continue
        report.add(judged(scenario, golden, trial, f"{call}; then {second}"))
    return report


def _as_another(second: Call, kind: str) -> str:
    """Which other kind comes to the same at this call; empty where none does. Singles try them all the same."""
    if not second.reads:
        return ""
    if kind in ("after", "late", "minute_late", "minutes_late"):
        return "a read has no effect that could be lost or late: it is tried as `before`"
    if kind in ("kill_after", "hang"):
        return "a read has no effect that could outlive its caller: it is tried as `kill_before`"
    return "a read that is made twice is a read" if kind == "twice" else ""


def _leads_nowhere(golden: Golden, call: Call, first: Fault) -> str:
    back = first.kind in SIGNALS or single(golden, call, first).ends == PUT_BACK
    return "" if back else "the first fault does not lead back"


def judged(scenario: Scenario, golden: Golden, trial: Trial, where: str) -> Report:
    """One run, and what is wrong with it."""
    report = Report(scenario.name)
    report.tried[kinds_of(trial)] += 1
    try:
        one = run(scenario, trial)
    except Exception as error:  # noqa: BLE001 - whatever a run cannot be played to its end for, somebody must look at
        report.ends["none"] += 1
        report.survivors.append(Survivor(scenario.name, trial, where, (f"{type(error).__name__}: {error}",), ()))
        return report
    report.ends[str(one.world.control(one.operation).status)] += 1
    if found := tuple(problems(scenario, golden, one)):
        path = tuple(one.world.result(one.operation).path)
        report.survivors.append(Survivor(scenario.name, trial, where, found, path))
    return report


def kinds_of(trial: Trial) -> str:
    together = len({fault.number for fault in trial}) == 1
    return ("+" if together else ", then ").join(fault.kind for fault in trial)


def changes_or_asks(call: Call) -> bool:
    """All but reads of the table: to die around one of those is to die around its neighbours."""
    return call.name not in ("table.get", "table.of", "table.due", "table.listed")


FIRSTS = ("reject", CANCEL)
"""What leads back in doubles."""
