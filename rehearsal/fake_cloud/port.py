"""What every port of the fake does at every call: catch up with the clock, answer, let watchers look."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from rehearsal.fake_cloud.place import Place

A = ParamSpec("A")
T = TypeVar("T")
P = TypeVar("P", bound="Port")


class Port:
    """One noun of one place, in the hands of one operation."""

    def __init__(self, place: Place, operation: str = "") -> None:
        self.place, self.operation = place, operation


def call(method: Callable[Concatenate[P, A], T]) -> Callable[Concatenate[P, A], T]:
    """A call of the cloud. What it sets off without delay has happened when it answers."""

    @wraps(method)
    def answered(port: P, /, *args: A.args, **named: A.kwargs) -> T:
        place = port.place
        place.settle()
        try:
            return method(port, *args, **named)
        finally:
            place.settle()
            if place.watchers:
                place.watched()

    return answered
