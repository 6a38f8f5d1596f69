"""What an activity expects to find, and what it makes of the port's answer that it is not there."""

from collections.abc import Iterator
from contextlib import contextmanager

from lambdas.errors import NotFound, Transient


@contextmanager
def just_made(group: str) -> Iterator[None]:
    """The group was made a moment ago: if it is not there, it is not visible yet."""
    try:
        yield
    except NotFound:
        raise Transient(f"server group {group} is not visible yet, or somebody deleted it") from None
