"""Nudges: an event of the cloud brings forward the looks of whoever waits there: a group's, an instance's, a stack's.

Best effort from end to end, as AWS says of the events themselves: one that is lost, doubled, late or out of order
changes nothing but when a wait is looked at. Here it is only found out whom an event concerns, from the index by
cluster; the looking is the sweep's, with what its budgets leave (docs/adr/0005).
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from lambdas import accounts
from lambdas.hub import Hub
from lambdas.naming import cluster_of
from lambdas.rows import Status

AUTO_SCALING, EC2, CLOUDFORMATION = "aws.autoscaling", "aws.ec2", "aws.cloudformation"
GONE = "terminated"
"""The one state of an instance that an operation on it waits for."""
PATTERNS: Mapping[str, Mapping[str, Any]] = {
    # Each names its group: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
    AUTO_SCALING: {
        "detail_type": [
            "EC2 Instance Launch Successful",
            "EC2 Instance Launch Unsuccessful",
            "EC2 Instance Terminate Successful",
            "EC2 Instance Terminate Unsuccessful",
            "EC2 Instance-launch Lifecycle Action",
            "EC2 Instance-terminate Lifecycle Action",
        ]
    },
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
    EC2: {"detail_type": ["EC2 Instance State-change Notification"], "detail": {"state": [GONE]}},
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-reference-stack-status.html
    CLOUDFORMATION: {"detail_type": ["CloudFormation Stack Status Change"]},
}
"""By source, the events after which a check can answer otherwise than before."""

TOGETHER = 2.0
"""Seconds from an event to the look: all events of these seconds share it."""
RECENT = 86_400.0
"""Seconds since its acceptance after which an operation is not looked for: the index has a cluster's whole past."""
NEWEST = 10
"""Operations of one cluster that are looked at, open or not."""


@dataclass(frozen=True)
class Happened:
    """Something happened to a group's instances, to an instance, to a stack."""

    account: str
    """Twelve digits."""
    region: str
    cluster: str
    """By which operations on it are listed in their account and Region: `shop-prod`, `instance/i-0a1`, `stack/one`."""


def happened(event: Mapping[str, Any]) -> Happened:
    """Parse an event of EventBridge."""
    return Happened(event["account"], event["region"], _CLUSTERS[event["source"]](event["detail"]))


_CLUSTERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    AUTO_SCALING: lambda detail: cluster_of(detail["AutoScalingGroupName"]),
    EC2: lambda detail: f"instance/{detail['instance-id']}",
    # arn:aws:cloudformation:us-east-1:123456789012:stack/queues/5a0c…
    CLOUDFORMATION: lambda detail: f"stack/{detail['stack-id'].split('/')[1]}",
}


def message(operations: Collection[str]) -> str:
    """What the sweep's queue carries; mostly nobody is nudged."""
    return json.dumps({"nudged": sorted(operations)} if operations else {})


def nudged_in(records: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The operations that such messages name."""
    return frozenset(one for record in records for one in json.loads(record["body"]).get("nudged", ()))


@dataclass
class Nudges:
    """One process's part: it remembers for whom it has asked, so that events in quick succession cost one look."""

    _asked: dict[str, float] = field(default_factory=dict)
    """By operation, when the sweep asked for will begin: whatever happens before then it will see."""

    def tell(self, hub: Hub, events: Iterable[Happened]) -> None:
        """Ask for a look at whoever waits for what happened. May be told anything, any number of times."""
        now = hub.now()
        self._asked = {operation: at for operation, at in self._asked.items() if at > now}
        concerned = {operation for one in dict.fromkeys(events) for operation in _waiting(hub, one)}
        if fresh := concerned - self._asked.keys():
            hub.sweeper.after(timedelta(seconds=TOGETHER), fresh)
            self._asked |= dict.fromkeys(fresh, now + TOGETHER)


def _waiting(hub: Hub, happened: Happened) -> Iterator[str]:
    """Operations in that cluster that have begun and are not over: the sweep knows which of them wait."""
    since = hub.now() - RECENT
    for account in accounts.named(hub.table, happened.account):
        cluster = f"{account}/{happened.region}/{happened.cluster}"
        rows, _ = hub.table.listed("cluster", cluster, since=since, limit=NEWEST)
        yield from (row["id"] for row in rows if row["status"] in (Status.RUNNING, Status.UNDOING))
