"""What a smoke costs at most, by AWS's list prices in us-east-1."""

from dataclasses import dataclass

HOUR = 60


@dataclass(frozen=True)
class Item:
    what: str
    number: float
    dollars: float
    """For one of them, an hour."""
    source: str


ITEMS = (
    Item("t4g.nano instances", 4, 0.0042, "https://aws.amazon.com/ec2/pricing/on-demand/"),
    Item("their public addresses", 4, 0.005, "https://aws.amazon.com/vpc/pricing/"),
    Item("application load balancer, with a unit of capacity", 1, 0.0305, "https://aws.amazon.com/elasticloadbalancing/pricing/"),
    Item("alarms", 100, 0.10 / 730, "https://aws.amazon.com/cloudwatch/pricing/"),
    Item("keys", 3, 1.0 / 730, "https://aws.amazon.com/kms/pricing/"),
)  # fmt: skip
FLAT = 0.05
"""Dollars: requests, transitions, invocations, logs and gigabytes of volumes, some hundreds of each."""


def at_most(minutes: float) -> float:
    """Dollars. EC2 bills seconds, load balancers whole hours: all are taken for whole hours."""
    hours = max(1, -(-minutes // HOUR))
    return FLAT + hours * sum(item.number * item.dollars for item in ITEMS)
