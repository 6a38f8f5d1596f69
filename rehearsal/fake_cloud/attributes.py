"""Attributes of groups, and the metrics that are collected of them."""

from collections.abc import Sequence

from lambdas.cloud.attributes import Attributes, GroupAttributes
from lambdas.errors import Rejected
from lambdas.values import changed
from rehearsal.fake_cloud.groups import METRICS, standing
from rehearsal.fake_cloud.port import Port, call, plays

TYPES = ("EC2", "ELB")
POLICIES = frozenset(
    (
        *("Default", "AllocationStrategy", "OldestLaunchTemplate", "OldestLaunchConfiguration"),
        *("ClosestToNextInstanceHour", "NewestInstance", "OldestInstance"),
    )
)
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html"""


@plays(GroupAttributes)
class FakeAttributes(Port):
    @call
    def update(self, group: str, attributes: Attributes) -> None:
        settings = standing(self.place, group).settings
        told = {name: value for name, value in vars(attributes).items() if value is not None}
        if (kind := attributes.health_check_type) is not None and kind not in TYPES:
            raise Rejected(f"{kind!r} is no health check type; use {' or '.join(TYPES)}")
        if strange := set(attributes.termination_policies or ()) - POLICIES:
            raise Rejected(f"{min(strange)!r} is no termination policy")
        self.place.group_is(group, settings=changed(settings, **told))
        self.place.note("updated", "group", group, self.operation)

    @call
    def disable_metrics(self, group: str, metrics: Sequence[str]) -> None:
        collected = standing(self.place, group).metrics
        if strange := set(metrics) - METRICS:
            raise Rejected(f"{min(strange)!r} is no metric of a group")
        self.place.group_is(group, metrics=collected - set(metrics))
        self.place.note("disabled metrics of", "group", group, self.operation)
