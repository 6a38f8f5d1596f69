"""Families of AWS calls: which token bucket of AWS's a call of a port is taken from, and how large that is.

AWS counts calls per account, Region and family in buckets of a size that refill at a rate.
"""

from dataclasses import dataclass

from lambdas import nouns


@dataclass(frozen=True)
class Bucket:
    """Calls at once, and calls a second for good."""

    size: float
    refill: float


BUCKETS = {
    # Auto Scaling publishes none, only the error: a cautious guess, EC2's with half of its refill for reads.
    "autoscaling reads": Bucket(100, 10),
    "autoscaling changes": Bucket(50, 5),
    # DescribeAlarms 9, PutMetricAlarm and DeleteAlarms 3 a second:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    "cloudwatch reads": Bucket(9, 9),
    "cloudwatch changes": Bucket(3, 3),
    # Describe* and mutating: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
    "ec2 reads": Bucket(100, 20),
    "ec2 changes": Bucket(50, 5),
    # Describe*: https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/load-balancer-limits.html
    # That registrations have a smaller one is said there, its size is not: taken as half.
    "elasticloadbalancing reads": Bucket(40, 10),
    "elasticloadbalancing changes": Bucket(20, 5),
    # Five requests a second for each account, all calls together:
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
    "route53 reads": Bucket(5, 2.5),
    "route53 changes": Bucket(5, 2.5),
    # GetParameter: https://docs.aws.amazon.com/general/latest/gr/ssm.html
    "ssm reads": Bucket(40, 40),
    # DescribeExecution outside the three largest Regions:
    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    "states reads": Bucket(250, 10),
}
"""By family."""

UNPUBLISHED = Bucket(20, 5)
"""Of a service that says nothing of its buckets: small enough for the smallest that others publish."""

SERVICES = {
    "groups": "autoscaling",
    "scaling": "autoscaling",
    "launch_templates": "ec2",
    "images": "ec2",
    "instances": "ec2",
    "network": "ec2",
    "load_balancers": "elasticloadbalancing",
}
"""Which service answers the calls of a port of `lambdas.cloud.Cloud`."""

ELSEWHERE = {
    "images.parameter": "ssm",
    **dict.fromkeys(
        (
            *("scaling.alarms", "scaling.alarms_made_by", "scaling.alarm_states"),
            *("scaling.put_alarm", "scaling.delete_alarms"),
        ),
        "cloudwatch",
    ),
}
"""Calls that go elsewhere than their port's others."""

CHANGES = frozenset(
    (
        *("groups.create", "groups.resize", "groups.delete", "groups.suspend", "groups.resume"),
        *("groups.enable_metrics", "groups.put_hook"),
        *("launch_templates.create", "launch_templates.delete"),
        *("load_balancers.register", "load_balancers.deregister"),
        *("load_balancers.register_classic", "load_balancers.deregister_classic"),
        *("scaling.put_policy", "scaling.put_scheduled_action", "scaling.put_alarm", "scaling.delete_alarms"),
    )
)
"""Calls that are no reads."""


def family_of(call: str) -> str:
    """The family of `groups.create`: `autoscaling changes`. A call of several pages counts once."""
    changes = nouns.changing(call) if nouns.is_noun(call) else call in CHANGES
    return f"{service_of(call)} {'changes' if changes else 'reads'}"


def bucket_of(family: str) -> Bucket:
    """How large the bucket of `autoscaling changes` is."""
    return BUCKETS.get(family, UNPUBLISHED)


def service_of(call: str) -> str:
    """The service that answers `groups.create`: `autoscaling`."""
    noun = nouns.NOUNS.get(call.partition(".")[0])
    return noun.service if noun else ELSEWHERE.get(call) or SERVICES[call.partition(".")[0]]
