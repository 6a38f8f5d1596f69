"""Mixed instances policies: written from what a request says, over what a group has already."""

import json
from typing import Any

from lambdas.requests.mixing import LOWEST_PRICE, InstanceTypeOverride, Mixes

DISTRIBUTION = {
    "on_demand_allocation_strategy": "OnDemandAllocationStrategy",
    "on_demand_base_capacity": "OnDemandBaseCapacity",
    "on_demand_percentage_above_base_capacity": "OnDemandPercentageAboveBaseCapacity",
    "spot_allocation_strategy": "SpotAllocationStrategy",
    "spot_instance_pools": "SpotInstancePools",
}
"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html"""


def policy(request: Mixes, spot_price: str | None, base: str | None = None) -> str:
    """The policy as `GroupSettings.mixed` holds it.

    What is not said stays as in `base`; an empty price takes the highest price away.
    """
    there = json.loads(base) if base else {}
    distribution = there.get("InstancesDistribution", {}) | {
        name: value for field, name in DISTRIBUTION.items() if (value := getattr(request, field)) is not None
    }
    if spot_price is not None:
        distribution["SpotMaxPrice"] = spot_price
    if distribution.get("SpotAllocationStrategy", LOWEST_PRICE) != LOWEST_PRICE:
        distribution.pop("SpotInstancePools", None)
    said = request.launch_template_overrides_for_instance_type
    overrides = there.get("Overrides", []) if said is None else [_override(one) for one in request.overrides]
    return _written(distribution, overrides)


def instance_types(mixed: str | None) -> tuple[str, ...]:
    """Those that a policy chooses from."""
    said = json.loads(mixed) if mixed else {}
    return tuple(one["InstanceType"] for one in said.get("Overrides", []) if "InstanceType" in one)


def within(asked: str | None, there: str | None) -> bool:
    """Whether a policy is as it was asked for: AWS adds what was left out."""
    if asked is None or there is None:
        return asked == there
    wanted, found = json.loads(asked), json.loads(there)
    distribution = found.get("InstancesDistribution", {})
    same: bool = wanted.get("InstancesDistribution", {}).items() <= distribution.items()
    return same and bool(wanted.get("Overrides", []) == found.get("Overrides", []))


def _override(one: InstanceTypeOverride) -> dict[str, str]:
    weight = {"WeightedCapacity": one.weighted_capacity} if one.weighted_capacity else {}
    return {"InstanceType": one.instance_type, **weight}


def _written(distribution: dict[str, Any], overrides: list[Any]) -> str:
    said: dict[str, Any] = {
        "InstancesDistribution": {name: value for name, value in distribution.items() if value != ""}
    }
    if overrides:
        said["Overrides"] = overrides
    return json.dumps(said, sort_keys=True, separators=(",", ":"))
