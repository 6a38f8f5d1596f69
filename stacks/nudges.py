"""What wakes the nudges: events of the cloud, by a queue that smooths their storms and keeps none for long.

Those of the hub's own account come from its default bus, those of target accounts are forwarded to a bus of their own
(`stacks/target.py`), which takes no other events, from the accounts that the deployment names.
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from constructs import Construct

from lambdas.nudges import AUTO_SCALING, CLOUDFORMATION, EC2, PATTERNS
from stacks.key import encrypt

WORTH = Duration.minutes(1)
"""For so long an event is worth something, the shortest that SQS keeps a message: by then the sweep has looked anyway.

No dead letters for the same reason: whatever is lost here costs a wait some seconds, and nobody could act on it.
"""

RULES = {
    AUTO_SCALING: ("InstancesMoved", "an instance of a server group was launched or terminated, or is about to be"),
    EC2: ("InstancesGone", "an instance was terminated"),
    CLOUDFORMATION: ("StacksChanged", "the status of a stack has changed"),
}
"""Name and description of the rule of each source."""


class Nudges(Construct):
    """`events_from`: an organisation, or accounts, whose forwarded events are taken; nothing: nobody's."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        key: kms.IKey,
        prefix: str,
        events_from: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._queue = sqs.Queue(
            self,
            "Queue",
            retention_period=WORTH,
            # As long as a message lives: one whose function died is not tried again.
            visibility_timeout=WORTH,
            enforce_ssl=True,
        )
        encrypt(self._queue, key)
        self._listen()
        if events_from:
            self._listen(_Forwarded(self, "Forwarded", name=forwarded_bus(prefix), events_from=events_from).bus)
        # No batching window: where events are rare, Lambda waits up to 20 seconds for one, whatever it is set to.
        # https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
        function.add_event_source(SqsEventSource(self._queue, batch_size=10, max_concurrency=2))

    def _listen(self, bus: events.IEventBus | None = None) -> None:
        """To the default bus, or to that one."""
        for source, pattern in PATTERNS.items():
            name, description = RULES[source]
            events.Rule(
                self,
                f"Forwarded{name}" if bus else name,
                description=f"Windlass: {description}",
                event_bus=bus,
                event_pattern=events.EventPattern(source=[source], **pattern),
                targets=[targets.SqsQueue(self._queue, retry_attempts=0, max_event_age=WORTH)],
            )


class _Forwarded(Construct):
    """The bus of target accounts' events: names of groups and ids, kept by nobody, under EventBridge's own key."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, events_from: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        self.bus = events.EventBus(self, "Bus", event_bus_name=name, description="Windlass: events of target accounts")
        policy = events.CfnEventBusPolicy(
            self,
            "Policy",
            event_bus_name=name,
            statement_id="TargetAccounts",
            statement=_taking(self.bus.event_bus_arn, events_from),
        )
        policy.node.add_dependency(self.bus)


def forwarded_bus(prefix: str) -> str:
    """The name of the bus that target accounts forward to."""
    return f"{prefix}nudges"


def _taking(bus: str, events_from: Sequence[str]) -> dict[str, Any]:
    """AWS's own events of the kinds that nudge, and nothing that anybody could put by himself: `aws.` is AWS's.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
    """
    kinds = sorted({kind for pattern in PATTERNS.values() for kind in pattern["detail_type"]})
    of_kinds = {"ForAllValues:StringEquals": {"events:source": sorted(PATTERNS), "events:detail-type": kinds}}
    said = {"Sid": "TargetAccounts", "Effect": "Allow", "Action": "events:PutEvents", "Resource": bus}
    if events_from[0].startswith("o-"):
        organisation = {"StringEquals": {"aws:PrincipalOrgID": list(events_from)}}
        return said | {"Principal": "*", "Condition": of_kinds | organisation}
    accounts = [f"arn:{Aws.PARTITION}:iam::{one}:root" for one in events_from]
    return said | {"Principal": {"AWS": accounts}, "Condition": of_kinds}
