"""What a caller may say of a mixed instances policy: several instance types, on demand and Spot, in one group."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from lambdas.requests import LARGEST, Description, Number, Value

LOWEST_PRICE = "lowest-price"


class InstanceTypeOverride(Value):
    """One of the instance types to choose from."""

    instance_type: str = Field(min_length=1)
    """E.g. `m5.large`."""
    weighted_capacity: str | None = Field(None, pattern=r"^[1-9]\d{0,2}$")
    """How many units of capacity it is; 1 to 999."""
    priority: int | None = Field(None, ge=0, le=LARGEST)
    """The lowest number goes first; those without one go last."""


Overrides = tuple[InstanceTypeOverride, ...]


class Mixes(Value):
    """Any of these makes a mixed instances policy."""

    on_demand_allocation_strategy: str | None = Field(None, min_length=1)
    """How on-demand instances are chosen: `prioritized` or `lowest-price`."""
    on_demand_base_capacity: int | None = Field(None, ge=0, le=LARGEST)
    """So much of the capacity is on demand before any is Spot."""
    on_demand_percentage_above_base_capacity: int | None = Field(None, ge=0, le=100)
    """Of what is above that, so many percent are on demand."""
    spot_allocation_strategy: str | None = Field(None, min_length=1)
    """How Spot instances are chosen: `price-capacity-optimized`, `capacity-optimized`, `lowest-price` …"""
    spot_instance_pools: int | None = Field(None, ge=1, le=20)
    """Over how many pools they are spread; only with the strategy `lowest-price`."""
    launch_template_overrides_for_instance_type: Overrides | None = Field(None, max_length=40)
    """The instance types to choose from, instead of `instanceType`."""

    MIXING: ClassVar[tuple[str, ...]] = (
        "on_demand_allocation_strategy",
        "on_demand_base_capacity",
        "on_demand_percentage_above_base_capacity",
        "spot_allocation_strategy",
        "spot_instance_pools",
        "launch_template_overrides_for_instance_type",
    )

    @property
    def mixes(self) -> bool:
        return any(getattr(self, name) is not None for name in self.MIXING)

    @property
    def overrides(self) -> Overrides:
        """In the order in which they are to be tried."""
        said = self.launch_template_overrides_for_instance_type or ()
        return tuple(sorted(said, key=lambda one: (one.priority is None, one.priority or 0)))

    def mixing(self) -> Iterator[str]:
        """What is wrong with it."""
        if self.spot_instance_pools and self.spot_allocation_strategy != LOWEST_PRICE:
            yield f"spotInstancePools: is only for spotAllocationStrategy {LOWEST_PRICE}; say that too, or leave it out"


class OverrideDescription(Description):
    instance_type: str | None = None
    weighted_capacity: str | None = None
    priority: Number = None


class MixesDescription(Description):
    """As Clouddriver's callers write it."""

    on_demand_allocation_strategy: str | None = None
    on_demand_base_capacity: Number = None
    on_demand_percentage_above_base_capacity: Number = None
    spot_allocation_strategy: str | None = None
    spot_instance_pools: Number = None
    launch_template_overrides_for_instance_type: tuple[OverrideDescription, ...] | None = None

    def pools_wrong(self) -> bool:
        return bool(self.spot_instance_pools) and self.spot_allocation_strategy != LOWEST_PRICE

    def override_types(self) -> Iterator[str]:
        for one in self.launch_template_overrides_for_instance_type or ():
            if one.instance_type:
                yield one.instance_type

    def mixing(self) -> dict[str, Any]:
        """The request's fields."""
        said = {name: value for name in Mixes.MIXING if (value := getattr(self, name)) not in (None, "", ())}
        if self.launch_template_overrides_for_instance_type:
            overrides = self.launch_template_overrides_for_instance_type
            said["launch_template_overrides_for_instance_type"] = [one.model_dump() for one in overrides]
        # None and no pools are the same there.
        return {name: value for name, value in said.items() if name != "spot_instance_pools" or value}
