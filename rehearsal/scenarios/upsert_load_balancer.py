"""upsertLoadBalancer as it is rehearsed: parts of each kind change of one that stands, and one is made; both types."""

from dataclasses import replace

from rehearsal.scenarios.delete_load_balancer import CERTIFICATE, SUBNETS, balanced
from rehearsal.scenarios.region import WHERE
from rehearsal.trials import Scenario

CHANGES = Scenario(
    "upsertLoadBalancer",
    "upsertLoadBalancer",
    {
        **WHERE,
        "name": "shop-api",
        "loadBalancerType": "application",
        "internal": True,
        "subnetIds": list(SUBNETS),
        "securityGroups": ["shop-api"],
        "ipAddressType": "dualstack",
        "idleTimeout": 30,
        "listeners": [
            {
                "port": 80,
                "protocol": "HTTP",
                "actions": [{"targetGroups": {"shop-api": 3, "shop-new": 1}}],
                "rules": [
                    {
                        "priority": 1,
                        "conditions": [{"field": "path-pattern", "values": ["/new"]}],
                        "actions": [{"targetGroup": "shop-new"}],
                    }
                ],
            },
            {
                "port": 443,
                "protocol": "HTTPS",
                "certificate": f"{CERTIFICATE}1",
                "actions": [{"targetGroup": "shop-api"}],
            },
            {
                "port": 8443,
                "protocol": "HTTPS",
                "certificate": f"{CERTIFICATE}1",
                "certificates": [f"{CERTIFICATE}3", f"{CERTIFICATE}4"],
                "actions": [{"targetGroup": "shop-api"}],
            },
        ],
        "targetGroups": [
            {
                "name": "shop-api",
                "protocol": "HTTP",
                "port": 8080,
                "health": {"path": "/healthy"},
                "attributes": {"deregistration_delay.timeout_seconds": "30"},
            },
            {
                "name": "shop-new",
                "protocol": "HTTP",
                "port": 8080,
                "attributes": {"deregistration_delay.timeout_seconds": "60"},
            },
        ],
    },
    balanced,
)
MAKES = replace(CHANGES, name="upsertLoadBalancer/new", request=CHANGES.request | {"name": "shop-fresh"})
CHANGES_CLASSIC = replace(
    CHANGES,
    name="upsertLoadBalancer/classic",
    request={
        **WHERE,
        "name": "shop-old",
        "loadBalancerType": "classic",
        "securityGroups": ["shop-api"],
        "listeners": [
            {"port": 80, "protocol": "HTTP", "instancePort": 8080, "policies": ["short"]},
            {"port": 81, "protocol": "TCP", "instancePort": 8081},
            {"port": 443, "protocol": "HTTPS", "instancePort": 8080, "certificate": f"{CERTIFICATE}2"},
            {"port": 8080, "protocol": "HTTP", "instancePort": 8080, "policies": ["sticky"]},
        ],
        "health": {"path": "/health"},
        "idleTimeout": 90,
        "crossZone": True,
        "deregistrationDelay": 30,
    },
)
MAKES_CLASSIC = replace(
    CHANGES_CLASSIC,
    name="upsertLoadBalancer/newClassic",
    request=CHANGES_CLASSIC.request
    | {
        "name": "shop-fresh",
        "subnetIds": list(SUBNETS),
        "listeners": [one | {"policies": []} for one in CHANGES_CLASSIC.request["listeners"]],
    },
)

SCENARIOS = (CHANGES, MAKES, CHANGES_CLASSIC)
