"""What is measured: each metric once, and its lines in CloudWatch's embedded format.

A line of the log is read by CloudWatch: no call, no permission. What tells one operation from another stands beside
the values, where Logs Insights finds it; only names of which there are few are dimensions, since each combination of
them is billed as a metric. Powertools' metrics write the same format, but at the clock's time, to the standard output
and with one set of dimensions: a rehearsal could not have them, and an end would be four lines (docs/adr/0020).
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Meter = Callable[[Mapping["Metric", float], float, Mapping[str, object]], None]
"""Takes values, when they were measured (epoch seconds), and whatever is to be found with them: see `line`."""
NAMESPACE, HUB = "Windlass", "Hub"


@dataclass(frozen=True, eq=False)
class Metric:
    """One metric, of which there is this one; `by` are the dimensions that it has besides that of the hub."""

    name: str
    unit: Literal["Count", "Seconds"]
    tells: str
    by: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    """Dimensions by which it is told once more, where the line has all of them."""

    def sets(self, about: Mapping[str, object]) -> list[list[str]]:
        """The sets of dimensions that it is told by."""
        sets = [[HUB, *self.by]]
        if self.more and all(about.get(name) for name in self.more):
            sets.append([HUB, *self.by, *self.more])
        return sets


_BY_APPLICATION = ("Application",)
ENDS = Metric("Ends", "Count", "operations that ended", by=("Operation", "End"))
OUR_FAULT = Metric("OurFault", "Count", "of each end 1 if we are to blame for it, else 0", more=_BY_APPLICATION)
CALLED = Metric("PersonCalled", "Count", "operations that ended with something left that nobody has decided about")
OUTSIDE = Metric("EndedFromOutside", "Count", "executions that ended otherwise than by their own three ends")
BROKEN = Metric("Broken", "Count", "attempts that failed by a bug of ours")
FAILED = Metric("FailedAttempts", "Count", "attempts that failed", by=("Activity", "Error"))
STATE_TIME = Metric("StateTime", "Seconds", "from one state's first beginning to the next one's", by=("State",))
BEGIN_TIME = Metric("BeginTime", "Seconds", "from acceptance to the first state")
BEGAN_LATE = Metric("BeganLate", "Count", "of each beginning 1 if it was late, else 0", more=_BY_APPLICATION)
BACKLOG_AGE = Metric("BacklogAge", "Seconds", "by how much the oldest start is late, while some are")
WAIT_AGE = Metric("WaitAge", "Seconds", "since the oldest open check was opened, or an event last told that it moves")
GUARD_AGE = Metric("GuardAge", "Seconds", "since when the first in a guard's queue waits")
HOLDS_OPEN = Metric("HoldsOpen", "Count", "operations that are held")
UNDECIDED = Metric("Undecided", "Count", "of these, those that somebody has to decide about within a time")

ALL = tuple(one for one in tuple(globals().values()) if isinstance(one, Metric))


def line(values: Mapping[Metric, float], at: float, about: Mapping[str, object]) -> Json:
    """The line that tells these values, measured at that time (epoch seconds).

    `about`: the dimensions by their names, the hub's among them, and whatever else is to be found with the values.
    """
    told = {name: value for name, value in about.items() if value not in (None, "")}
    return {
        "_aws": {"Timestamp": int(at * 1000), "CloudWatchMetrics": list(_directives(values, told))},
        **told,
        **{metric.name: value for metric, value in values.items()},
    }


def _directives(values: Mapping[Metric, float], about: Mapping[str, object]) -> Iterator[Json]:
    for metric in values:
        named = [{"Name": metric.name, "Unit": metric.unit}]
        yield {"Namespace": NAMESPACE, "Dimensions": metric.sets(about), "Metrics": named}


def written(values: Mapping[Metric, float], at: float, about: Mapping[str, object]) -> None:
    """The line into the log of the function at work: one write, so that no other comes between."""
    sys.stdout.write(json.dumps(line(values, at, about), separators=(",", ":")) + "\n")
