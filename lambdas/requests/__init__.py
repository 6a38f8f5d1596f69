"""The requests: one module per operation with its model, its checks and Clouddriver's names for both.

A body comes in by one of two doors. Windlass's own is strict: a field nobody knows is a problem, every problem a
sentence. Clouddriver's is as forgiving as Clouddriver: it keeps what the operation knows, coerces types, folds legacy
names, and answers with Clouddriver's codes. Both end in the same frozen model.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from lambdas.accounts import Account
from lambdas.errors import WindlassError
from lambdas.naming import ServerGroupName

Json = dict[str, Any]

UNOWNED = "unowned"
"""The application under which operations are listed of which nobody says whose things they are about."""

LARGEST = 2_147_483_647
"""Of a whole number: AWS's have 32 bits, a sign included."""

WaitFor = Literal["created", "healthy"]
GroupName = Annotated[str, Field(min_length=1, max_length=255, pattern="^[ -9;-~]+$")]
"""Printable ASCII without a colon; spaces are those of old groups:
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html"""
AlarmName = Annotated[str, Field(min_length=1, max_length=255)]
_DAY = {"type": "number", "exclusiveMinimum": 0, "maximum": 86_400, "description": "Seconds."}
Patience = Annotated[
    timedelta,
    Field(gt=timedelta(0), le=timedelta(hours=24)),
    WithJsonSchema({"anyOf": [_DAY, {"type": "string", "format": "duration", "description": "ISO 8601."}]}),
]


class Invalid(WindlassError):
    """A body that cannot be accepted: everything that is wrong with it."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = tuple(codes)
        super().__init__("; ".join(self.codes))


class Value(BaseModel):
    """A part of a request: frozen, camelCase outside; `str()` of its errors never shows what was sent."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        defer_build=True,
        allow_inf_nan=False,
        json_schema_extra={"additionalProperties": False},  # Windlass's own door, which the document tells of
    )

    def contradictions(self) -> Iterator[str]:
        """What is wrong with fields that are right one by one, in sentences that name them."""
        return iter(())

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if found := list(self.contradictions()):
            raise ValueError("\n".join(found))
        return self


class Request(Value):
    """What every operation's request has."""

    account: str = Field(min_length=1)
    """Windlass's name of the account (Spinnaker's `credentials`)."""
    region: str = Field(min_length=1)
    """The AWS Region."""
    override_freeze: str | None = Field(None, min_length=1, max_length=200)
    """Why it begins although a freeze covers it. Needs a permission of its own."""
    hold_on_alarms: tuple[AlarmName, ...] = Field((), max_length=10)
    """CloudWatch alarms of that account and Region: while one is in ALARM, no further step begins."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset()
    """What Clouddriver's callers call this operation: its name and its legacy description; none if it has no such."""
    otherwise: ClassVar[tuple[str, ...]] = ()
    """What is otherwise than Clouddriver has it, and why: sentences, which docs/catalogue.md tells."""
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Fields that are never shown: they stay in the encrypted table."""

    if TYPE_CHECKING:  # a field in one request, a property in another; pydantic would take it for shadowing

        @property
        def application(self) -> str: ...

    @property
    @abstractmethod
    def cluster(self) -> str:
        """Key of the cluster, `account/region/cluster`, by which operations are listed."""

    both_accounts: ClassVar[bool] = False
    """Whether `credentials` and `account` are two accounts to Clouddriver, and neither stands for the other."""

    @property
    def accounts(self) -> Mapping[str, str]:
        """The accounts it acts in, by the fields that name them; nearly always one."""
        return {"account": self.account}

    @property
    def owners(self) -> tuple[str, ...]:
        """Applications in which its caller needs the right to it: also what the names of things tell, not only what the
        request says of itself. Empty: nothing tells whose it is.
        """
        return (self.application,)

    @property
    def permissions(self) -> tuple[str, ...]:
        """What its caller must be allowed besides the operation itself (docs/authorisation.md)."""
        return ("overrideFreeze",) if self.override_freeze is not None else ()

    def unfit(self, account: Account) -> tuple[str, ...]:
        """What that account lacks for it, in sentences."""
        return ()

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """The requests that a description of Clouddriver's holds, in its order. Raises Invalid.

        For an operation that Clouddriver has no other words for: the same fields.
        """
        return [cls.normalised({**description, "account": account_of(description)})]

    @classmethod
    def of_stage(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """As `of_clouddriver`, with what only Windlass knows: Orca hands on whatever a stage says. Raises Invalid."""
        known = set(cls.model_fields)
        insists = Insistence.read(description).model_dump(include=known, exclude_none=True)
        return [one.model_copy(update=insists) for one in cls.of_clouddriver(description, accounts)]

    @classmethod
    def of_windlass(cls, body: Json) -> Self:
        """The request of Windlass's own door. Raises Invalid with a sentence per problem."""
        try:
            return cls.model_validate(body, extra="forbid")
        except ValidationError as error:
            raise Invalid(sentences(error, cls)) from None

    @classmethod
    def normalised(cls, fields: Json) -> Self:
        """The request that a description comes to. Raises Invalid where Clouddriver would fail only while working."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise Invalid(sentences(error, cls)) from None


class OfOneServerGroup(Request):
    """A request about one server group that exists, whoever made it."""

    server_group_name: GroupName
    """Name of the server group, e.g. `shop-prod-v042`."""
    preempt: bool = False
    """Cancel the operation of the same application that has the server group now, put it back, and begin next.

    Needs a permission of its own.
    """
    preempt_reason: str | None = Field(None, min_length=1, max_length=200)
    """Why; whoever is preempted reads it."""

    def contradictions(self) -> Iterator[str]:
        if self.preempt_reason is not None and not self.preempt:
            yield "preemptReason: says why, but not `preempt`; say both"

    @property
    def permissions(self) -> tuple[str, ...]:
        return (*super().permissions, *(("preempt",) if self.preempt else ()))

    @property
    def application(self) -> str:
        return _moniker(self.server_group_name)[0]

    @property
    def cluster(self) -> str:
        return key(self.account, self.region, _moniker(self.server_group_name)[1])


class TakesOutOfService(OfOneServerGroup):
    """A request that may leave its cluster with nothing in service."""

    override_traffic_guard: bool = False
    """Do it even if the cluster is protected and has nothing else that is healthy and in traffic.

    Needs a permission of its own.
    """

    @property
    def permissions(self) -> tuple[str, ...]:
        return (*super().permissions, *(("overrideTrafficGuard",) if self.override_traffic_guard else ()))


def key(account: str, region: str, *rest: str) -> str:
    """A name that is unique in all of Windlass."""
    return "/".join((account, region, *rest))


def guard(account: str, region: str, group: str) -> str:
    """Key of a server group's guard."""
    return key(account, region, "serverGroup", group)


def guards_of_one(request: OfOneServerGroup) -> tuple[str, ...]:
    """The group itself, and never its cluster: a sibling's operation does not wait."""
    return (guard(request.account, request.region, request.server_group_name),)


def problems(request: Request, accounts: Mapping[str, Account]) -> tuple[str, ...]:
    """Why this account and Region cannot be had, in sentences."""
    return tuple(
        found for field, name in request.accounts.items() for found in _of_account(request, field, name, accounts)
    )


def _of_account(request: Request, field: str, name: str, accounts: Mapping[str, Account]) -> Iterator[str]:
    account = accounts.get(name)
    if account is None:
        known = ", ".join(sorted(accounts)) or "none yet"
        yield f"{field}: {name!r} is not known; known accounts: {known}"
    elif request.region not in account.regions:
        regions = ", ".join(account.regions) or "none"
        yield f"region: {request.region!r} is not configured for account {name}; it has {regions}"
    elif field == "account":
        yield from request.unfit(account)


def sentences(error: ValidationError, model: type[BaseModel]) -> tuple[str, ...]:
    """Each problem with the path of its field and what to change, without the value that was sent."""
    found = error.errors(include_input=False, include_url=False)
    return tuple(f"{_path(problem)}{line}" for problem in found for line in _said(problem, model).split("\n"))


def _path(problem: ErrorDetails) -> str:
    return ".".join(map(str, problem["loc"])) + ": " if problem["loc"] else ""


def _said(problem: ErrorDetails, model: type[BaseModel]) -> str:
    if problem["type"] == "missing":
        return "is required"
    if problem["type"] == "extra_forbidden":
        return "is not a known field" + _remedy(problem, model)
    return problem["msg"].removeprefix("Value error, ").replace("Input should", "should")


def _remedy(problem: ErrorDetails, model: type[BaseModel]) -> str:
    if len(problem["loc"]) > 1:
        return ""
    known = sorted(field.alias or name for name, field in model.model_fields.items())
    near = get_close_matches(str(problem["loc"][0]), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"


def _moniker(name: str) -> tuple[str, str]:
    """Application and cluster, also of groups whose makers did not follow the convention."""
    try:
        parsed = ServerGroupName.parse(name)
    except ValueError:
        return name.partition("-")[0] or UNOWNED, name
    return parsed.application, parsed.cluster


# Clouddriver's door.


def _no_text(value: object) -> object:
    """Jackson reads an empty text as no value."""
    return None if value == "" else value


Number = Annotated[int | None, BeforeValidator(_no_text)]
Flag = Annotated[bool | None, BeforeValidator(_no_text)]


class Description(Value):
    """What Clouddriver's door reads: unknown fields are ignored at any size, texts coerced to numbers and booleans."""

    model_config = ConfigDict(coerce_numbers_to_str=True, extra="ignore")

    @classmethod
    def read(cls, description: Json) -> Self:
        """Parse, or raise Invalid with what cannot even be coerced."""
        try:
            return cls.model_validate(description)
        except ValidationError as error:
            raise Invalid(sentences(error, cls)) from None


Reason = Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(_no_text)]


class Insistence(Description):
    """What a caller insists on, of whatever operation."""

    override_freeze: Reason = None
    preempt: Flag = None
    preempt_reason: Reason = None


def account_of(description: Json) -> str:
    """`credentials` wins over `account` (`CredentialsAccountNormalizationPreProcessor`)."""
    return str(description.get("credentials") or description.get("account") or "")


class CapacityDescription(Description):
    min: Number = None
    desired: Number = None
    max: Number = None

    def problems(self) -> list[str]:
        """Clouddriver's texts (`AmazonDescriptionValidationSupport.validateCapacity`)."""
        found = []
        if self.min is not None and self.max is not None and self.min > self.max:
            found.append(f"min size ({self.min}) > max size ({self.max})")
        below = self.desired is not None and self.min is not None and self.desired < self.min
        above = self.desired is not None and self.max is not None and self.desired > self.max
        if below or above:
            bounds = "/".join("null" if bound is None else str(bound) for bound in (self.min, self.max))
            found.append(f"desired capacity ({self.desired}) is not within min/max ({bounds}) range")
        return found


class ConstraintsDescription(Description):
    capacity: CapacityDescription | None = None


class AsgDescription(Description):
    """One server group of a description, by either of its names."""

    server_group_name: str | None = None
    asg_name: str | None = None
    region: str | None = None
    capacity: CapacityDescription | None = None
    constraints: ConstraintsDescription | None = None

    @property
    def name(self) -> str | None:
        return self.server_group_name or self.asg_name

    def problems(self, kind: str, account: Account | None) -> list[str]:
        """Clouddriver's codes (`AmazonDescriptionValidationSupport.validateAsgDescription`)."""
        found = [] if self.name else [f"{kind}.serverGroupName.empty"]
        if not self.region:
            found.append(f"{kind}.region.empty")
        elif account and account.regions and self.region not in account.regions:
            found.append(f"{kind}.regions.not.configured")
        return found


class AsgsDescription(AsgDescription):
    """Server groups as a list, or in the legacy form: one name and one or several Regions beside it."""

    asgs: tuple[AsgDescription, ...] | None = None
    override_traffic_guard: Flag = None
    """Windlass's own: Orca hands on whatever a stage says."""
    regions: tuple[str, ...] | None = None

    @property
    def folded(self) -> tuple[AsgDescription, ...]:
        """Clouddriver's `LegacyToAsgsDescriptionPreProcessor`, capacities as in `ResizeAsgDescriptionPreProcessor`."""
        if self.asgs:
            return self.asgs
        shared = {"server_group_name": self.name, "capacity": self.capacity, "constraints": self.constraints}
        return tuple(
            AsgDescription.model_validate(shared | {"region": region})
            for region in ((self.region,) if self.region else self.regions or ())
        )

    def groups(self, kind: str, account: Account | None, *, capacities: bool = False) -> tuple[AsgDescription, ...]:
        """The server groups, if Clouddriver's `validateAsgs` has nothing against any. Raises Invalid."""
        if found := list(self.refused(kind, account, capacities=capacities)):
            raise Invalid(found)
        return self.folded

    def refused(self, kind: str, account: Account | None, *, capacities: bool = False) -> Iterator[str]:
        """What Clouddriver's `validateAsgs` has against them, for a validator that goes on with rules of its own."""
        if not self.folded:
            yield f"{kind}.empty"
        for asg in self.folded:
            yield from asg.problems(kind, account)
            yield from asg.capacity.problems() if capacities and asg.capacity else ()
