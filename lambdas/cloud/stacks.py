"""CloudFormation's stacks and change sets."""

from abc import abstractmethod
from dataclasses import dataclass

from lambdas.cloud import Tags
from lambdas.nouns import Noun, changes, reads

CREATE, UPDATE = "CREATE", "UPDATE"
"""What a change set is for."""


@dataclass(frozen=True)
class Stack:
    """A stack as it stands."""

    id: str
    """Its ARN, which tells it from a later one of the same name."""
    name: str
    status: str
    """In CloudFormation's words: `UPDATE_COMPLETE`."""
    reason: str = ""
    protected: bool = False
    """Against deletion."""


@dataclass(frozen=True)
class ChangeSet:
    """A change set as it stands."""

    id: str
    name: str
    stack: str
    """The stack's id."""
    status: str
    """`CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `FAILED` …"""
    execution: str
    """`AVAILABLE`, `EXECUTE_IN_PROGRESS`, `OBSOLETE` …"""
    reason: str = ""
    description: str = ""


@dataclass(frozen=True)
class Specification:
    """What a stack shall be made of. It holds the template and parameters, so it is no part of a plan."""

    name: str
    template: str | None = None
    url: str | None = None
    """Where the template lies in S3, instead."""
    parameters: Tags = ()
    tags: Tags = ()
    capabilities: tuple[str, ...] = ()
    role: str | None = None
    """ARN of the role that CloudFormation acts with; None: with what Windlass itself may do there."""
    notifications: tuple[str, ...] = ()
    """ARNs of topics."""


@dataclass(frozen=True)
class Needs:
    """What a template needs to be given."""

    capabilities: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    """Names of those that have no default."""


class Stacks(Noun):
    noun, service = "stacks", "cloudformation"
    adapter = "lambdas.aws.stacks:CloudFormation"

    @abstractmethod
    @reads("cloudformation:ValidateTemplate")
    def validate(self, specification: Specification) -> Needs:
        """What the template needs. Raises Rejected where it is none."""

    @abstractmethod
    @reads("cloudformation:DescribeStacks")
    def find(self, stack: str) -> Stack:
        """By name, or by id, then also if it has been deleted. Raises NotFound."""

    @abstractmethod
    @reads("cloudformation:DescribeStackEvents")
    def begun(self, stack: str, token: str, pages: int = 1) -> bool:
        """Whether that token began something on the stack: in so many pages of its newest events, a hundred each."""

    @abstractmethod
    @reads("cloudformation:DescribeStackEvents")
    def failures(self, stack: str, token: str = "") -> tuple[str, ...]:
        """What failed first in what that token began, or in what was begun last: each resource and the reason."""

    @abstractmethod
    @changes("cloudformation:CreateStack")
    def create(self, specification: Specification, token: str) -> str:
        """Begin to create; the stack's id. The same token again is the same creation. Raises AlreadyExists."""

    @abstractmethod
    @changes("cloudformation:UpdateStack")
    def update(self, specification: Specification, token: str) -> str:
        """Begin to update; the stack's id. The same token again is the same update.

        Raises NotFound; AlreadyExists where it is so already; Conflict while something else is done to the stack.
        """

    @abstractmethod
    @changes("cloudformation:DeleteStack")
    def delete(self, stack: str, role: str | None) -> None:
        """Begin to delete the stack of that id; one that has gone is no error. Raises Conflict as `update`."""

    @abstractmethod
    @reads("cloudformation:DescribeChangeSet")
    def change_set(self, stack: str, name: str) -> ChangeSet:
        """Raises NotFound."""

    @abstractmethod
    @changes("cloudformation:CreateChangeSet")
    def create_change_set(
        self, specification: Specification, name: str, purpose: str, description: str, token: str
    ) -> str:
        """Begin to work out what would change; the stack's id. One to create a stack makes it, in review.

        Raises AlreadyExists, NotFound for the stack.
        """

    @abstractmethod
    @changes("cloudformation:ExecuteChangeSet")
    def execute(self, stack: str, name: str, token: str) -> None:
        """Begin to change. The same token again is the same. Raises NotFound; AlreadyExists where it was begun."""

    @abstractmethod
    @changes("cloudformation:DeleteChangeSet")
    def delete_change_set(self, stack: str, name: str) -> None:
        """One that is not there is no error, or NotFound. Raises Conflict while it is made or executed."""
