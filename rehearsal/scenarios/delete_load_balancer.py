"""deleteLoadBalancer as it is rehearsed: one with a target group of its own, and a classic one."""

from dataclasses import replace

from lambdas.cloud import SecurityGroup
from lambdas.cloud.balancers import Balancer, HealthCheck, Listener, Rule, TargetGroup, canonical
from lambdas.cloud.classic_balancers import ClassicListener
from rehearsal.fake_cloud import balancers, classic_balancers, seeds
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

SUBNETS = (seeds.subnet("external", "a"), seeds.subnet("external", "b"))
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/"
OTHER_WALL = "sg-0123456789abcdef1"
API = Balancer("shop-api", "", "application", "", seeds.VPC, "internal", SUBNETS, (seeds.WEB,))
CHECK = HealthCheck("HTTP", "traffic-port", "/health", matcher="200-299")
OWN, SHARED = (
    TargetGroup(name, "HTTP", 8080, seeds.VPC, "instance", CHECK, balancers.TARGET_DEFAULTS)
    for name in ("shop-api", "shop-shared")
)


def forward(*names: str) -> list[dict[str, object]]:
    """To all of them alike."""
    return [{"Type": "forward", "TargetGroups": dict.fromkeys(names, 1)}]


LISTENERS = (
    Listener(80, "HTTP", canonical(forward("shop-api"))),
    Listener(81, "HTTP", canonical(forward("shop-shared"))),
)
SECURED = Listener(8443, "HTTPS", canonical(forward("shop-api")), f"{CERTIFICATE}1")


def rule(priority: int, path: str, group: str) -> Rule:
    """Of the listener at port 80."""
    conditions = [{"Field": "path-pattern", "Config": {"Values": [path]}}]
    return Rule(80, priority, canonical({"Conditions": conditions, "Actions": forward(group)}))


def balanced(world: World) -> None:
    """Two load balancers that share a target group, and a classic one."""
    furnished(world)
    place = world.cloud.place(ACCOUNT, REGION)
    place.security_groups[OTHER_WALL] = SecurityGroup(OTHER_WALL, "shop-api", seeds.VPC)
    for group in (OWN, SHARED):
        balancers.put_targets(place, group)
    api = balancers.made(place, API, None)
    other = balancers.made(place, replace(API, name="cart-api"), None)
    rules = (rule(1, "/old", "shop-api"), rule(2, "/gone", "shop-shared"))
    certificates = ((SECURED.port, f"{CERTIFICATE}2"), (SECURED.port, f"{CERTIFICATE}3"))
    balancers.put(place, balancers.Standing(api, balancers.DEFAULTS, (*LISTENERS, SECURED), rules, certificates))
    balancers.put(place, balancers.Standing(other, listeners=LISTENERS[1:]))
    old = classic_balancers.made(place, replace(API, name="shop-old", kind="classic"), None)
    secured = ClassicListener(443, "HTTPS", 8080, "HTTP", f"{CERTIFICATE}1")
    web = ClassicListener(80, "HTTP", 8080, "HTTP", policies=("sticky",))
    taken = (ClassicListener(22, "TCP", 22, "TCP"), web, secured)
    policies = ("short", "sticky")
    classic_balancers.put(place, classic_balancers.Standing(old, taken, policies=policies))


DELETES = Scenario(
    "deleteLoadBalancer",
    "deleteLoadBalancer",
    {**WHERE, "loadBalancerName": "shop-api", "loadBalancerType": "application"},
    balanced,
)
DELETES_CLASSIC = replace(
    DELETES,
    name="deleteLoadBalancer/classic",
    request={**WHERE, "loadBalancerName": "shop-old", "loadBalancerType": "classic"},
)

SCENARIOS = (DELETES, DELETES_CLASSIC)
