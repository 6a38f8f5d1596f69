"""What an activity expects to find, and what it makes of the port's answer that it is not there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lambdas.activities.plans import CreatePlan
from lambdas.cloud import Cloud, Group
from lambdas.errors import NotFound, Rejected, Transient


@contextmanager
def just_made(group: str) -> Iterator[None]:
    """The group was made a moment ago: if it is not there, it is not visible yet."""
    try:
        yield
    except NotFound:
        raise Transient(f"server group {group} is not visible yet, or somebody deleted it") from None


@contextmanager
def needed(group: str) -> Iterator[None]:
    """The group was there when planned: if it is not there now, there is nothing left to do this to."""
    try:
        yield
    except NotFound:
        raise Rejected(f"server group {group} has gone since this operation was planned") from None


def unless_gone(group: str, write: Callable[[], object], said: str) -> str:
    """Put something back on a group, with which it went where the group has gone."""
    try:
        write()
    except NotFound:
        return f"server group {group} is not there"
    return said


def still_ours(plan: CreatePlan, cloud: Cloud) -> Group | None:
    """The group that this operation made; None where somebody deleted it. A stranger's of that name is told."""
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return None
    if found.operation == cloud.operation:
        return None if found.deleting else found
    cloud.findings.append(f"server group {plan.group} was not made by this operation: left alone")
    return None
