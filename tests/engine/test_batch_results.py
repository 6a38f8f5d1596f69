"""What an operation finds out is there for the next of its batch."""

from dataclasses import dataclass
from typing import Any

from lambdas.cloud import Cloud
from lambdas.engine import intake
from lambdas.rows import Status
from rehearsal.toy_requests import OfOneGroup
from rehearsal.world import CALLER, TERMS, World
from saga import Saga, step
from statemachines.upsert_amazon_dns import UPSERT_AMAZON_DNS

BALANCER = {"loadBalancers": {"us-east-1": {"name": "shop-frontend", "dnsName": "shop-frontend-1.elb.amazonaws.com"}}}
RECORD: dict[str, Any] = {
    "account": "prod",
    "region": "us-east-1",
    "name": "shop.example.com",
    "type": "CNAME",
    "hostedZoneName": "example.com",
}


@dataclass(frozen=True)
class Plan:
    account: str
    region: str
    finds: bool
    schema: int = 1


def plan(request: OfOneGroup, cloud: Cloud) -> Plan:
    """Plan."""
    return Plan(request.account, request.region, request.group != "none")


def find(plan: Plan, cloud: Cloud) -> str:
    """Find out the name of a load balancer."""
    if plan.finds:
        cloud.results.update(BALANCER)
    return "looked"


LOOKS: Saga[OfOneGroup, Plan, Cloud] = Saga(name="Looks", plan=plan, steps=(step("Look", do=find, undo=find),))


def batch(group: str) -> tuple[World, Any]:
    world = World((LOOKS, UPSERT_AMAZON_DNS))
    world.cloud.seed("prod", "us-east-1")
    first = intake.Submission(LOOKS, OfOneGroup(account="prod", region="us-east-1", group=group))
    second = intake.Submission(UPSERT_AMAZON_DNS, UPSERT_AMAZON_DNS.request_type.model_validate(RECORD))
    accepted = intake.accept(world.plain, [first, second], caller=CALLER, terms=TERMS, key="batch")
    return world, world.run(f"{accepted.id}-1")


def test_a_record_points_to_the_load_balancer_of_its_batch() -> None:
    world, result = batch("shop-v000")

    assert result.control.status is Status.SUCCEEDED
    records = world.cloud.place("prod", "us-east-1").shelf("record").things
    assert [one.values for one in records.values()] == [("shop-frontend-1.elb.amazonaws.com",)]


def test_without_one_it_says_what_is_missing() -> None:
    world, result = batch("none")

    assert result.control.status is Status.ROLLED_BACK
    assert "say one, or upsert its load balancer before it" in result.control.error
    assert world.cloud.place("prod", "us-east-1").shelf("record").things == {}
