"""What all requests about a CloudFormation stack share."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from lambdas.requests import Patience
from lambdas.requests.of_things import OfOneThing

StackName = Annotated[str, Field(pattern=r"^[a-zA-Z][-a-zA-Z0-9]*$", max_length=128)]
ChangeSetName = Annotated[str, Field(pattern=r"^[a-zA-Z][-a-zA-Z0-9]*$", max_length=128)]
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html"""
StackPatience = Annotated[Patience, Field(le=timedelta(hours=10))]
HOUR = timedelta(hours=1)


class OfOneStack(OfOneThing):
    """A request about one stack by its name."""

    stack_name: StackName
    """Name of the stack."""

    kind: ClassVar[str] = "stack"
    named_by: ClassVar[str] = "stack_name"
