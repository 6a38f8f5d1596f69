"""The fault sweep: every call that an operation makes goes wrong in every way, one run for each, and each is judged.

A run is judged by the end expected of its faults, by the cloud at that end and again after everything late has landed,
by what is left in the table, and by invariants after every call. What is not tried is counted, with its reason.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from rehearsal.faults import Call
from rehearsal.sameness import Moments
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
AS_BEFORE = "the moment is like one in which the same went wrong: all that is to be is the same but for the time"
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


@dataclass
class Doubles:
    """Trials to be made of one scenario."""

    alone: Report
    """What came of the first faults by themselves, and what is not tried."""
    trials: dict[Trial, str] = field(default_factory=dict)
    """Each with where it strikes."""
    same: dict[Trial, Trial] = field(default_factory=dict)
    """What is taken for the same as one of those."""
    _met: dict[tuple[Any, ...], Trial] = field(default_factory=dict)

    def follow(
        self, scenario: Scenario, golden: Golden, first: Fault, kinds: tuple[str, ...], *, whole: bool = False
    ) -> None:
        """What may go wrong after this first fault."""
        call, moments = golden.call(first.number), list[Moments]()
        try:
            one = run(scenario, (first,), began=lambda world: moments.append(Moments(world, first.number)))
        except NeverEnds as never:
            self.alone.survivors.append(Survivor(scenario.name, (first,), str(call), (str(never),), ()))
            return
        if one.world.control(one.operation).status not in PUT_BACK:
            self.alone.skipped["the first fault does not lead back"] += 1
            return
        for second, kind in product((later for later in one.calls if later.number > first.number), kinds):
            if reason := not_applicable(golden, second, kind) or _as_another(second, kind):
                self.alone.skipped[reason] += 1
            else:
                trial = (first, Fault(second.number, kind))
                self._note(
                    trial, trial if whole else self._met_before(trial, second, moments[0]), f"{call}; then {second}"
                )

    def _note(self, trial: Trial, known: Trial, where: str) -> None:
        """To be tried, unless it is taken for the same as a known one."""
        if known is trial:
            self.trials[trial] = where
        else:
            self.same[trial] = known
            self.alone.skipped[AS_BEFORE] += 1

    def _met_before(self, trial: Trial, second: Call, moments: Moments) -> Trial:
        """The first trial in which this kind struck this call in this moment."""
        if (moment := moments.of(second.number)) is None:
            return trial
        at, likeness = moment
        return self._met.setdefault((likeness, second.number - at, second.name, trial[1].kind), trial)


def doubles(
    scenario: Scenario, golden: Golden, kinds: Iterable[str], firsts: Iterable[Fault], *, whole: bool = False
) -> Doubles:
    """Each of the first leads back; then every later call goes wrong in each way.

    What goes wrong in a moment that is the same as one met before (`sameness`) has the outcome that it had there, and
    is not tried again, unless the `whole` is asked for.
    """
    found, kinds = Doubles(Report(scenario.name, len(golden.calls))), tuple(kinds)
    for first in firsts:
        call = golden.call(first.number)
        if reason := not_applicable(golden, call, first.kind) or _leads_nowhere(golden, call, first):
            found.alone.skipped[reason] += 1
        else:
            found.follow(scenario, golden, first, kinds, whole=whole)
    return found


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
