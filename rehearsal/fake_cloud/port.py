"""What every port of the fake does at every call: catch up with the clock, answer, let watchers look."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from rehearsal.fake_cloud.place import Place

A = ParamSpec("A")
T = TypeVar("T")
P = TypeVar("P", bound="Port")


class Port:
    """One noun of one place, in the hands of one operation."""

    def __init__(self, place: Place, operation: str = "") -> None:
        self.place, self.operation = place, operation


PLAYED: dict[type[Any], type[Any]] = {}
"""Who plays each noun of `lambdas.nouns`."""
C = TypeVar("C", bound=type[Any])


def plays(noun: type[Any]) -> Callable[[C], C]:
    """The class that plays this noun in every fake cloud: made from the place and the operation."""

    def mark(fake: C) -> C:
        PLAYED[noun] = fake
        return fake

    return mark


def played(noun: type[Any]) -> type[Any]:
    """Raises LookupError with the remedy where nobody does."""
    if noun not in PLAYED:
        raise LookupError(f"nobody plays {noun.__name__} in the fake cloud; mark a class with @plays({noun.__name__})")
    return PLAYED[noun]


def call(method: Callable[Concatenate[P, A], T]) -> Callable[Concatenate[P, A], T]:
    """A call of the cloud. What it sets off without delay has happened when it answers."""

    @wraps(method)
    def answered(port: P, /, *args: A.args, **named: A.kwargs) -> T:
        place = port.place
        place.settle()
        try:
            return method(port, *args, **named)
        finally:
            if place.due:
                place.settle()
            if place.watchers:
                place.watched()

    return answered
