"""deployCloudFormation: create or update a stack, or make a change set for it."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field

from lambdas.accounts import Account
from lambdas.requests import Description, Flag, Invalid, Json, account_of
from lambdas.requests.stacks import HOUR, ChangeSetName, OfOneStack, StackPatience

INLINE = 51_200
"""Bytes of a template that CloudFormation takes in a request:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""


def _text(template: Any) -> Any:
    """A template is a text, or an object that is its JSON."""
    return json.dumps(template) if isinstance(template, Mapping) else template


Template = Annotated[str | None, BeforeValidator(_text)]


class DeployDescription(Description):
    stack_name: str | None = None
    template_body: Template = None
    template_url: str | None = Field(None, alias="templateURL")
    role_arn: str | None = Field(None, alias="roleARN")
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}
    region: str | None = None
    capabilities: tuple[str, ...] = ()
    notification_arns: tuple[str, ...] = Field((), alias="notificationARNs")
    is_change_set: Flag = Field(None, alias="isChangeSet")
    change_set_name: str | None = None


class DeployCloudFormation(OfOneStack):
    """Create a CloudFormation stack, or update the one of that name, and wait until that is complete."""

    template_body: Template = Field(None, min_length=1)
    """The template: a text of JSON or YAML, or an object. At most 51,200 bytes."""
    template_url: str | None = Field(None, alias="templateURL", min_length=1, max_length=5120)
    """Where it lies in S3, instead."""
    parameters: dict[str, str] = Field(default_factory=dict, max_length=200)
    """Values of the template's parameters. What is not named gets the template's default."""
    tags: dict[str, str] = Field(default_factory=dict, max_length=50)
    """Of the stack and of what is in it."""
    capabilities: tuple[str, ...] = ()
    """What the template may do besides: `CAPABILITY_IAM`, `CAPABILITY_NAMED_IAM`, `CAPABILITY_AUTO_EXPAND`."""
    role_arn: str | None = Field(None, alias="roleARN", min_length=20, max_length=2048)
    """Role that CloudFormation acts with; else it may do what Windlass itself may do in the account."""
    notification_arns: tuple[str, ...] = Field((), alias="notificationARNs", max_length=5)
    """Topics that CloudFormation tells of the stack's events."""
    change_set_name: ChangeSetName | None = None
    """Make a change set of that name and change nothing yet: `executeCloudFormationChangeSet` does."""
    ready_within: StackPatience = HOUR
    """How long CloudFormation may take (seconds, or ISO 8601)."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"deployCloudFormation", "deployCloudFormationDescription"})
    secrets: ClassVar[frozenset[str]] = frozenset({"templateBody", "parameters"})
    otherwise: ClassVar[tuple[str, ...]] = (
        "It ends when CloudFormation has: complete, put back, or with a person called where rolling back failed too. "
        "Clouddriver's task ends when the call is accepted, and Orca looks at the stack afterwards.",
        "A stack that could not be created is deleted, with the reason kept. An update that CloudFormation rolled back "
        "ends `RolledBack` with its reason. An update that is on its way cannot be cancelled: one that comes about "
        "just then could not be put back.",
        "What AWS refuses only as the update begins (a role that may not be passed, a stack policy) asks a person, "
        "although nothing has begun; template, capabilities, parameters and the stack's status are looked at before.",
    )

    def contradictions(self) -> Iterator[str]:
        if (self.template_body is None) == (self.template_url is None):
            yield "templateBody: give the template, or its templateURL; one of both"
        size = len((self.template_body or "").encode())
        if size > INLINE:
            yield (
                f"templateBody: has {size} bytes; CloudFormation takes {INLINE} inline: put it into S3 and give its "
                "templateURL"
            )

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Clouddriver validates nothing here, and fails while working."""
        read = DeployDescription.read(description)
        if read.is_change_set and not read.change_set_name:
            raise Invalid(("changeSetName: is required where isChangeSet is said",))
        fields = read.model_dump(by_alias=True, exclude={"is_change_set", "change_set_name"})
        named = {name: value for name, value in fields.items() if value not in (None, "")}
        change_set = {"changeSetName": read.change_set_name} if read.is_change_set else {}
        return [cls.normalised({"account": account_of(description)} | named | change_set)]
