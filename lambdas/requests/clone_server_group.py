"""cloneServerGroup: a server group like another, but for what is said. Whatever is left out is the source's."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from lambdas.accounts import Account
from lambdas.naming import ServerGroupName, moniker
from lambdas.requests import Json, Patience, Request, Value, WaitFor, account_of, key, sentences
from lambdas.requests.create_server_group import (
    BlockDeviceMapping,
    CapacityReservation,
    CreateServerGroup,
    Hook,
    ImageChoice,
    License,
    Names,
    Placement,
    Process,
)
from lambdas.requests.health import Health, OnUnhealthy
from lambdas.requests.mixing import Mixes
from lambdas.requests.resize_server_group import Sizes


def _as(name: str) -> Any:
    """The field of createServerGroup, which may be left out."""
    like = CreateServerGroup.model_fields[name]
    said = (like.description or "").partition("; by default")[0].rstrip(".")
    field: Any = Field(None, alias=like.alias, description=f"{said}; by default the source's.", repr=like.repr)
    field.json_schema_extra = like.json_schema_extra
    return field


class CloneSource(Value):
    """The server group to clone."""

    account: str = Field(min_length=1)
    """Must be the new group's own."""
    region: str = Field(min_length=1)
    """Must be the new group's own."""
    asg_name: str = Field(min_length=1)
    """Name of the server group."""


def _by_default_the_source_s(schema: dict[str, Any]) -> None:
    """Of what `_named` fills in pydantic's own schema says that it is required."""
    schema["required"].remove("application")
    schema["additionalProperties"] = False


class CloneServerGroup(Mixes, Request):
    """Create a server group like another: the next of its cluster, with all that is not said taken from the source."""

    otherwise: ClassVar[tuple[str, ...]] = (
        "A source of another account or Region is refused; Clouddriver reads it there. An operation acts in one "
        "account, with one role, and what a server group refers to exists only where it is: subnets, security groups, "
        "image, key pair, target groups, template. Say by `createServerGroup` what the group there shall be.",
    )

    model_config = ConfigDict(json_schema_extra=_by_default_the_source_s)

    source: CloneSource | None = None
    """What to clone; by default the cluster's group of the highest number."""
    application: str = Field(min_length=1)
    """The application, first part of the name; by default the source's."""
    stack: str = ""
    """The stack, second part of the name; by default the source's."""
    free_form_details: str = ""
    """The detail, third part of the name; by default the source's."""
    sequence: int | None = Field(None, ge=0, le=999)
    """Take this number; by default the next of the cluster."""
    ignore_sequence: bool = False
    """Name it like its cluster, without a number."""

    image: ImageChoice | None = _as("image")
    instance_type: str | None = _as("instance_type")
    capacity: Sizes | None = None
    """How large it becomes; of what is left out, the source's."""
    subnet_ids: Names | None = _as("subnet_ids")
    subnet_type: str | None = _as("subnet_type")
    subnet_tags: dict[str, str] | None = _as("subnet_tags")
    zones: Names | None = _as("zones")
    security_groups: Names | None = _as("security_groups")
    associate_public_ip_address: bool | None = _as("associate_public_ip_address")
    key_pair: str | None = _as("key_pair")
    iam_role: str | None = _as("iam_role")
    user_data: str | None = _as("user_data")
    block_devices: tuple[BlockDeviceMapping, ...] | None = _as("block_devices")
    spot_price: str | None = Field(None, pattern=r"^(\d+(\.\d+)?)?$")
    """Spot instances at no more than so many dollars an hour, or on demand (empty); by default the source's."""
    instance_monitoring: bool | None = _as("instance_monitoring")
    ebs_optimized: bool | None = _as("ebs_optimized")
    require_imds_v2: bool | None = _as("require_imds_v2")
    unlimited_cpu_credits: bool | None = _as("unlimited_cpu_credits")
    kernel_id: str | None = _as("kernel_id")
    ramdisk_id: str | None = _as("ramdisk_id")
    associate_ipv6_address: bool | None = _as("associate_ipv6_address")
    enable_enclave: bool | None = _as("enable_enclave")
    placement: Placement | None = _as("placement")
    license_specifications: tuple[License, ...] | None = _as("license_specifications")
    capacity_reservation: CapacityReservation | None = _as("capacity_reservation")
    block_device_tags: dict[str, str] | None = _as("block_device_tags")
    target_groups: Names | None = _as("target_groups")
    load_balancers: Names | None = _as("load_balancers")
    start_disabled: bool = False
    """Never take traffic until enabled: `AddToLoadBalancer` is suspended before the first instance starts."""
    health_check_type: str | None = _as("health_check_type")
    health_check_grace_period: int | None = _as("health_check_grace_period")
    cooldown: int | None = _as("cooldown")
    termination_policies: Names | None = _as("termination_policies")
    suspended_processes: tuple[Process, ...] | None = _as("suspended_processes")
    capacity_rebalance: bool | None = _as("capacity_rebalance")
    lifecycle_hooks: tuple[Hook, ...] | None = _as("lifecycle_hooks")
    enabled_metrics: Names | None = _as("enabled_metrics")
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags of the group, its instances and volumes, besides the source's."""
    copy_source_scaling_policies_and_actions: bool = True
    """Copy the source's scaling policies with their alarms, and its scheduled actions."""

    wait_for: WaitFor = "healthy"
    """`healthy`: end when all instances are healthy, else put all back. `created`: when AWS took the size."""
    healthy_within: Patience = timedelta(minutes=30)
    """How long it may take until all are healthy: seconds or ISO 8601."""
    health: Health | None = None
    """What counts as healthy; by default every instance, to Auto Scaling and behind all its load balancers."""
    on_unhealthy: OnUnhealthy = "ROLL_BACK"
    """When `healthyWithin` is over: as at createServerGroup."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"cloneServerGroup", "copyLastAsgDescription"})
    secrets: ClassVar[frozenset[str]] = frozenset({"userData"})

    @property
    def name(self) -> ServerGroupName:
        """The new group's name so far: without a number, or with the one asked for."""
        return ServerGroupName(self.application, self.stack, self.free_form_details, self.sequence)

    @property
    def cluster(self) -> str:
        return key(self.account, self.region, self.name.cluster)

    @property
    def owners(self) -> tuple[str, ...]:
        """What is copied of another group may be its secrets."""
        return self.application, *((moniker(self.source.asg_name)[0],) if self.source else ())

    @property
    def said(self) -> Json:
        """The fields that are said, as createServerGroup has them."""
        return self._said(by_alias=False)

    def _said(self, *, by_alias: bool) -> Json:
        left = {"source", "capacity"} | (set() if self.spot_price else {"spot_price"})
        return self.model_dump(exclude_none=True, exclude=left, by_alias=by_alias)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, fields: Any) -> Any:
        """The parts of the name that are not said are those of the source's name, as Clouddriver has it."""
        source = fields.get("source") if isinstance(fields, Mapping) else None
        name = (source.get("asgName") or source.get("asg_name")) if isinstance(source, Mapping) else None
        try:
            parsed = ServerGroupName.parse(str(name)) if name else None
        except ValueError:
            parsed = None
        if parsed is None:
            return fields
        details = fields.get("free_form_details", fields.get("freeFormDetails", parsed.detail))
        parts = {"application": parsed.application, "stack": parsed.stack}
        return {**parts, **fields, "freeFormDetails": details}

    def contradictions(self) -> Iterator[str]:
        where = (self.account, self.region)
        if self.source and (self.source.account, self.source.region) != where:
            yield (
                f"source: {self.source.asg_name} is in {self.source.account}/{self.source.region}; "
                f"only a source in {self.account}/{self.region} can be cloned"
            )
        yield from self._of_create()

    def _of_create(self) -> Iterator[str]:
        """What createServerGroup has against it, whatever is inherited."""
        stand_ins = {
            "image": "inherited",
            "instanceType": "t3.inherited",
            "capacity": {"min": 0, "desired": 0, "max": 0},
        }
        places = {} if self.placed else {"zones": ("inherited",)}
        try:
            CreateServerGroup.model_validate(stand_ins | self._said(by_alias=True) | places)
        except ValidationError as error:
            yield from sentences(error, CreateServerGroup)

    @property
    def placed(self) -> bool:
        """Whether it says where the group goes."""
        return bool(self.subnet_ids or self.subnet_type or self.subnet_tags or self.zones)

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        # As for createServerGroup: nobody needs it at Windlass's own door.
        from lambdas.requests.copy_last_asg import requests_of  # noqa: PLC0415

        return [cls.normalised(fields) for fields in requests_of(description, accounts, account_of(description))]
