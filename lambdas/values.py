"""Frozen values made without their `__init__`, which sets attributes one by one: rows are read at every call."""

from typing import Any, TypeVar

V = TypeVar("V")


def built(of: type[V], attributes: dict[str, Any]) -> V:
    """A frozen dataclass that has these attributes for its own; absent ones are the class's defaults. Nothing is
    checked."""
    value = object.__new__(of)
    object.__setattr__(value, "__dict__", attributes)
    return value


def changed(value: V, **attributes: Any) -> V:
    """The same value but for these attributes: as `dataclasses.replace`, in a tenth of its time."""
    other = object.__new__(type(value))
    object.__setattr__(other, "__dict__", {**value.__dict__, **attributes})
    return other
