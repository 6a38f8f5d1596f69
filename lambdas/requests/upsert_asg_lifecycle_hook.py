"""upsertAsgLifecycleHook: make or change a lifecycle hook of a server group."""

import re
from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Invalid, Json, Number, OfOneServerGroup, account_of

Transition = Literal["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"]
TERMINATING: Transition = "autoscaling:EC2_INSTANCE_TERMINATING"
_ENUM = {"EC2InstanceLaunching": "autoscaling:EC2_INSTANCE_LAUNCHING", "EC2InstanceTerminating": TERMINATING}
"""As Clouddriver's own enumeration (`AmazonAsgLifecycleHook.Transition`) calls them."""

LONGEST = 3600
"""Seconds that Clouddriver allows (`UpsertAsgLifecycleHookDescriptionValidator.groovy`)."""
KIND = "upsertAsgLifecycleHookDescription"
_STRANGE = re.compile(r"[^A-Za-z0-9\-_/]")


class HookDescription(Description):
    server_group_name: str | None = None
    region: str | None = None
    role_arn: str | None = Field(None, alias="roleARN")
    notification_target_arn: str | None = Field(None, alias="notificationTargetARN")
    name: str | None = None
    lifecycle_transition: str | None = None
    notification_metadata: str | None = None
    heartbeat_timeout: Number = None
    default_result: str | None = None

    def problems(self, account: Account | None) -> list[str]:
        """The codes of `UpsertAsgLifecycleHookDescriptionValidator.groovy`."""
        allowed = account is None or not account.regions or self.region in account.regions
        found = [] if allowed else [f"{KIND}.regions.not.configured"]
        for name in ("server_group_name", "role_arn", "notification_target_arn"):
            if not getattr(self, name):
                found.append(f"{KIND}.{type(self).model_fields[name].alias}.not.nullable")
        if self.heartbeat_timeout is not None and self.heartbeat_timeout > LONGEST:
            found.append(f"Heartbeat Timeout cannot be greater than {LONGEST}")
        return found


class UpsertAsgLifecycleHook(OfOneServerGroup):
    """Make or change one lifecycle hook of one server group."""

    name: str | None = Field(None, pattern=r"^[A-Za-z0-9\-_/]+$", max_length=255)
    """By default made from the group's name: then it is a new hook."""
    lifecycle_transition: Transition = TERMINATING
    """When it holds an instance."""
    role_arn: str | None = Field(None, alias="roleARN", min_length=1, max_length=255)
    """Role with which Auto Scaling notifies the target."""
    notification_target_arn: str | None = Field(None, alias="notificationTargetARN", min_length=1, max_length=2000)
    """Queue or topic to notify."""
    notification_metadata: str | None = Field(None, min_length=1, max_length=1023)
    """Text that goes with the notification."""
    heartbeat_timeout: int = Field(LONGEST, ge=30, le=7200)
    """Seconds it holds: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html"""
    default_result: Literal["ABANDON", "CONTINUE"] = "ABANDON"
    """What becomes of an instance that nobody completes in time."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"upsertAsgLifecycleHookDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Names are made to fit, as `AsgLifecycleHookWorker.cleanLifecycleHookName` does."""
        account = account_of(description)
        read = HookDescription.read(description)
        if found := read.problems(accounts.get(account)):
            raise Invalid(found)
        fields = {name: value for name, value in read.model_dump().items() if value not in (None, "")}
        if read.name:
            fields["name"] = _STRANGE.sub("_", read.name)
        if read.lifecycle_transition:
            fields["lifecycle_transition"] = _ENUM.get(read.lifecycle_transition, read.lifecycle_transition)
        return [cls.normalised(fields | {"account": account})]
