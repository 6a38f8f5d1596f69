"""An account as people write it, in a seed file or in the body of `PUT /accounts/{name}`: one model for both.

What it says of itself is checked here; whether AWS says the same, by a dry call (`lambdas.dry_calls`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from lambdas.accounts import Account, AccountHook, Limits, Protected
from lambdas.requests import Invalid, Value, sentences

NAME = r"[A-Za-z0-9_-]{1,64}"
MOST_REGIONS, MOST_CLUSTERS, MOST_HOOKS, MOST_PLAYERS = 40, 100, 20, 20
"""All of it is one row, which is read whenever an operation acts there."""

_ROLE = "^arn:[a-z-]+:iam::[0-9]{12}:role/windlass-[A-Za-z0-9_+=,.@/-]+$"

Pattern = Annotated[str, StringConstraints(max_length=128)]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$")]
Player = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]+:[A-Za-z0-9_]+(@\S+)?$", max_length=512)]
Arn = Annotated[str, StringConstraints(max_length=512)]


class Part(Value):
    """A part of an entry: what is misspelt would protect nothing, and nobody would notice."""

    model_config = ConfigDict(extra="forbid")


class ClusterPattern(Part):
    """Clusters whose last healthy server group stays in service; `*` stands for any text, an empty one for none."""

    application: Pattern = Field(min_length=1)
    stack: Pattern = "*"
    detail: Pattern = "*"
    region: Pattern = "*"


class Brake(Part):
    """What may go out of service within ten minutes before a second person is asked."""

    groups: int = Field(Limits.groups, ge=0, le=100, strict=True)
    """Server groups of the account."""
    percent: int = Field(Limits.percent, ge=0, le=100, strict=True)
    """Of the instances of a Region."""


class Hook(Part):
    """A lifecycle hook of each server group that Clouddriver's callers create, as Spinnaker's configuration has it."""

    lifecycle_transition: str = Field(pattern=r"^autoscaling:EC2_INSTANCE_(LAUNCHING|TERMINATING)$")
    role_arn: Arn | None = Field(None, alias="roleARN")
    """`{{accountId}}` is filled in."""
    notification_target_arn: Arn | None = Field(None, alias="notificationTargetARN")
    """`{{region}}` and `{{accountId}}` are filled in."""
    heartbeat_timeout: int = Field(AccountHook.heartbeat_timeout, ge=30, le=7_200)
    """Seconds."""
    default_result: str = Field(AccountHook.default_result, pattern="^(ABANDON|CONTINUE)$")


class AccountEntry(Part):
    """What Windlass has to know of an account."""

    id: str = Field(pattern="^[0-9]{12}$")
    """AWS's twelve digits."""
    regions: tuple[Region, ...] = Field(min_length=1, max_length=MOST_REGIONS)
    """Those that operations may name, `us-east-1`; the hub has to reach them."""
    environment: str = Field(pattern=f"^{NAME}$")
    """What policies go by: in any but `dev`, `test`, `staging` … nobody writes unless a policy permits it."""
    role: str | None = Field(None, pattern=_ROLE, max_length=512)
    """The role to assume there, `arn:aws:iam::222222222222:role/windlass-target`; none: the hub's own account."""
    external_id: str | None = Field(None, max_length=1224)
    """What the hub says when it assumes the role. Windlass gives it by the account's name, so it may be left out."""
    protected_clusters: tuple[ClusterPattern, ...] = Field((), max_length=MOST_CLUSTERS)
    brake: Brake = Brake()
    plays: Annotated[dict[Pattern, Player], Field(max_length=MOST_PLAYERS)] = Field(default_factory=dict)
    """Who plays a noun there: `{"discovery": "our_eureka:Eureka@https://…"}`."""
    lifecycle_hooks: tuple[Hook, ...] = Field((), max_length=MOST_HOOKS)

    def contradictions(self) -> Iterator[str]:
        if self.role is not None and (owner := self.role.split(":")[4]) != self.id:
            yield f"role: {self.role} is of account {owner}, not of {self.id}; name a role of that account"
        if self.role is None and self.external_id is not None:
            yield "externalId: is said to a role, and there is none; leave it out, or name the role"
        if twice := sorted({one for one in self.regions if self.regions.count(one) > 1}):
            yield f"regions: {twice[0]} is there twice; say it once"

    def misnamed(self, name: str, installation: str) -> Iterator[str]:
        """What is wrong with it as the account of that name."""
        due = external_id(installation, name)
        if self.external_id not in (None, due):
            yield f"externalId: that of account {name} is {due}, not {self.external_id}; leave it out, or say {due}"

    def account(self, name: str, installation: str) -> Account:
        """What is kept. Raises Invalid."""
        if found := list(self.misnamed(name, installation)):
            raise Invalid(found)
        return Account(
            name=name,
            id=self.id,
            regions=self.regions,
            role=self.role,
            external_id=external_id(installation, name) if self.role else None,
            environment=self.environment,
            protected=tuple(Protected(**vars(one)) for one in self.protected_clusters),
            limits=Limits(**vars(self.brake)),
            plays=tuple(sorted(self.plays.items())),
            hooks=tuple(AccountHook(**vars(one)) for one in self.lifecycle_hooks),
        )

    @classmethod
    def parse(cls, entry: Any) -> Self:
        """Raises Invalid with a sentence for each mistake."""
        try:
            return cls.model_validate(entry)
        except ValidationError as error:
            raise Invalid(sentences(error, cls)) from None


def external_id(installation: str, name: str) -> str:
    """What the hub says when it assumes the role of the account of that name: `windlass/prod`.

    Nobody chooses it: whoever writes another account's id and role under a name of his own makes the hub say that
    name, and the role's trust policy refuses it (docs/accounts.md, the confused deputy). `installation` is the prefix
    of the hub's functions without its hyphen, and neither it nor a name has a slash in it.
    """
    return f"{installation}/{name}"


def written(account: Account) -> Mapping[str, Any]:
    """The entry that says what is kept, by the names of the model's fields."""
    return {
        "id": account.id,
        "regions": account.regions,
        "environment": account.environment,
        "role": account.role,
        "external_id": account.external_id,
        "protected_clusters": tuple(ClusterPattern(**_values(one)) for one in account.protected),
        "brake": Brake(**_values(account.limits)),
        "plays": dict(account.plays),
        "lifecycle_hooks": tuple(Hook(**_values(one)) for one in account.hooks),
    }


def _values(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value)}
