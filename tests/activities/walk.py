"""Sagas walked by hand: the plan through JSON as in a machine, then step after step. For tests of activities alone."""

from typing import Any

from lambdas import accounts
from lambdas.accounts import Account, Protected
from lambdas.cloud import Alarm, Capacity, Cloud, ScalingPolicy, ScheduledAction
from lambdas.engine.tasks import plan_json, plan_of
from lambdas.requests.create_server_group import CreateServerGroup
from rehearsal.clock import Clock
from rehearsal.fake_cloud import PROMPT, FakeCloud, seeds
from rehearsal.fake_cloud.place import ALWAYS, Place, Watching
from saga import Saga

TARGETS = seeds.target_group("us-east-1")
SOURCE = "shop-prod-v001"


class World:
    """A seeded Region with a serving group `shop-prod-v001`, in the hands of operation `op1`."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.fake = FakeCloud(self.clock, PROMPT)
        self.place: Place = self.fake.seed(neighbours=(SOURCE,))
        self.cloud = self.fake.cloud("prod", "us-east-1", "op1")

    def plan(self, saga: Saga[Any, Any, Any], request: Any) -> Any:
        return plan_of(saga, plan_json(saga, saga.plan(request, self.cloud)))

    def drain(self) -> None:
        """Let everything that is about to happen happen."""
        self.clock.drain(600)
        self.fake.place("prod", "us-east-1")

    def protect(self) -> None:
        """Protect every cluster of application `shop`."""
        protected = (Protected("shop"),)
        accounts.put(self.fake.table, Account("prod", "123456789012", ("us-east-1",), protected=protected))

    def furnish(self) -> None:
        """Give the serving group policies, an alarm of its own and scheduled actions."""
        place = self.place
        policies = (ScalingPolicy(f"{SOURCE}-cpu", '{"PolicyType":"StepScaling"}'), ScalingPolicy("up", "{}"))
        place.policies.put(SOURCE, policies, ALWAYS)
        dimension = f'{{"Dimensions":[{{"Name":"AutoScalingGroupName","Value":"{SOURCE}"}}]}}'
        place.alarms.put(
            f"{SOURCE}-high", Watching(Alarm(f"{SOURCE}-high", f"{SOURCE}-cpu", dimension), SOURCE), ALWAYS
        )
        place.alarms.put("low", Watching(Alarm("low", "up", "{}"), SOURCE), ALWAYS)
        place.actions.put(SOURCE, (ScheduledAction("nightly", '{"MaxSize":1}'),), ALWAYS)


def order(**changes: Any) -> CreateServerGroup:
    """A request for one more `shop-prod` behind both kinds of load balancers."""
    body = {
        "account": "prod",
        "region": "us-east-1",
        "application": "shop",
        "stack": "prod",
        "image": seeds.GOOD_IMAGE,
        "instanceType": "m5.large",
        "capacity": {"min": 1, "desired": 2, "max": 3},
        "subnetType": "internal",
        "securityGroups": ["shop-web"],
        "targetGroups": ["shop-web"],
        "loadBalancers": [seeds.CLASSIC],
    }
    return CreateServerGroup.of_windlass({name: value for name, value in (body | changes).items() if value is not None})


def forward(saga: Saga[Any, Any, Any], plan: Any, cloud: Cloud, *, steps: int | None = None) -> list[str]:
    """Do the first so many steps, or all; what each said."""
    return [one.do(plan, cloud) or "" for one in list(saga.changes)[:steps]]


def back(saga: Saga[Any, Any, Any], plan: Any, cloud: Cloud, *, steps: int | None = None) -> list[str]:
    """Undo the first so many steps, in reverse; what each said."""
    return [one.undo(plan, cloud) or "" for one in list(saga.changes)[:steps][::-1] if one.undo]


def size(place: Place, group: str) -> Capacity:
    found = place.groups.get(group)
    assert found is not None
    return found.capacity
