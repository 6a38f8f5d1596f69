"""The Region that most operations are rehearsed in: two serving groups that scale themselves, and somebody else's."""

import json

from lambdas import accounts
from lambdas.accounts import Account, Protected
from lambdas.cloud import Alarm, Capacity, ScalingPolicy, ScheduledAction
from lambdas.hub import Json
from rehearsal.fake_cloud import seeds
from rehearsal.world import World

ACCOUNT, REGION = "prod", "us-east-1"
NEIGHBOUR = "shop-prod-v000"
"""Somebody else's, and it stays as it is whatever becomes of the operation beside it."""
OURS, EARLIER = "shop-prod-v001", "earlier"
"""What an operation of Windlass made some time ago, and that operation."""
OUR_INSTANCES = ("i-00000000000000009", "i-0000000000000000a")
"""As `furnished` numbers them."""
NEW = "shop-prod-v002"
WHERE: Json = {"account": ACCOUNT, "region": REGION}


def furnished(world: World) -> None:
    """Two serving groups that scale themselves, somebody else's and one of Windlass's, and one of another cluster."""
    place = world.cloud.seed(ACCOUNT, REGION, neighbours=(NEIGHBOUR, "cart-prod-v007"))
    seeds.neighbour(place, OURS, Capacity(2, 2, 4), operation=EARLIER)
    cloud = world.cloud.cloud(ACCOUNT, REGION)
    for name, operation in ((NEIGHBOUR, ""), (OURS, EARLIER)):
        cloud.scaling.put_policy(name, ScalingPolicy("up", _canonical({"PolicyType": "SimpleScaling"})))
        alarm = {"MetricName": "CPUUtilization", "Dimensions": [{"Name": "AutoScalingGroupName", "Value": name}]}
        cloud.scaling.put_alarm(name, Alarm(f"{name}-busy", "up", _canonical(alarm)), operation)
        cloud.scaling.put_scheduled_action(name, ScheduledAction("night", _canonical({"Recurrence": "0 2 * * *"})))


def _canonical(specification: Json) -> str:
    return json.dumps(specification, sort_keys=True, separators=(",", ":"))


def protected(world: World) -> None:
    """As `furnished`, in a protected cluster: the neighbour keeps it in service."""
    furnished(world)
    accounts.put(world.table, Account(ACCOUNT, seeds.OWNER, (REGION,), protected=(Protected("shop", "prod"),)))


def in_service(world: World) -> str | None:
    """The protected cluster has a group behind its target group."""
    place = world.cloud.place(ACCOUNT, REGION)
    targets = place.behind.get(seeds.target_group(REGION)) or ()
    serving = {place.instances[one.instance].group for one in targets if one.instance in place.instances}
    return None if serving & {NEIGHBOUR, OURS} else "the protected cluster has nothing in traffic"
