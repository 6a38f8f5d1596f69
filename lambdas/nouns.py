"""Ports that not every cloud needs: each is a noun, declared once with its service, its calls and their IAM actions.

`lambdas.cloud.Cloud.of(Records)` is the port of that noun. Its adapter is imported and its client made at its first
use, so that an operation pays only for what it touches. From the declaration follow the brakes' families, the
permissions that tests compare, and the names by which rehearsals let calls go wrong. Other packages declare their own.
"""

import importlib
from abc import ABC
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from lambdas.errors import Rejected

N = TypeVar("N", bound="Noun")
F = TypeVar("F", bound=Callable[..., Any])

NOUNS: dict[str, type["Noun"]] = {}
"""Every noun that has been imported, by its name."""


class Noun(ABC):
    """A port: subclass it with abstract methods, each marked `@reads` or `@changes`.

    Every method makes one kind of call (reads may page) and raises only what `errors.py` names.
    """

    noun: ClassVar[str]
    """Names its calls: `records.put`."""
    service: ClassVar[str]
    """The prefix of its IAM actions: `route53`."""
    adapter: ClassVar[str]
    """`module:Class` of the implementation, which is made from `Clients`; empty where only an installation has one."""

    client: ClassVar[str] = ""
    """boto3's name of the service, where that is not the prefix."""

    @classmethod
    def calls(cls) -> set[tuple[str, str]]:
        """The calls that its methods declare: boto3's name of the service, operation."""
        methods = (one for one in vars(cls).values() if hasattr(one, "actions"))
        return {(cls.client or cls.service, action.partition(":")[2]) for one in methods for action in one.actions}

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "noun" in vars(cls):
            if cls.noun in NOUNS and NOUNS[cls.noun].__module__ != cls.__module__:
                raise ValueError(f"noun {cls.noun!r} of {cls.__module__} is {NOUNS[cls.noun].__module__}'s already")
            NOUNS[cls.noun] = cls


Clients = Mapping[str, Any]
"""boto3's clients of one account's Region by boto3's name of the service, each made at its first use."""


def reads(*actions: str) -> Callable[[F], F]:
    """A method that changes nothing, and the IAM actions that it needs."""
    return _marked(actions, changing=False)


def changes(*actions: str) -> Callable[[F], F]:
    """A method that changes the cloud, and the IAM actions that it needs."""
    return _marked(actions, changing=True)


def _marked(actions: tuple[str, ...], *, changing: bool) -> Callable[[F], F]:
    def mark(method: F) -> F:
        method.actions, method.changing = actions, changing  # type: ignore[attr-defined]
        return method

    return mark


def actions_of(call: str) -> tuple[str, ...]:
    """The IAM actions of `records.put`."""
    return tuple(_method(call).actions)


def changing(call: str) -> bool:
    """Whether `records.put` changes the cloud."""
    return bool(_method(call).changing)


def is_noun(call: str) -> bool:
    """Whether the call is one of a noun's."""
    return call.partition(".")[0] in NOUNS


def _method(call: str) -> Any:
    noun, _, method = call.partition(".")
    return getattr(NOUNS[noun], method)


class More:
    """The nouns of one place in the hands of one operation, each made at its first use."""

    def __init__(self, make: Callable[[type[Any]], Any]) -> None:
        self._make = make
        self._made: dict[type[Any], Any] = {}

    def of(self, kind: type[N]) -> N:
        """The port of that noun."""
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]  # type: ignore[no-any-return]

    def through(self, wrap: Callable[[str, Any], Any]) -> "More":
        """The same with something around each port: `wrap` gets the noun's name and the port."""
        return More(lambda kind: wrap(kind.noun, self.of(kind)))


def adapted(clients: Clients, plays: Mapping[str, str] = MappingProxyType({})) -> More:
    """The nouns over boto3; `plays` says by a noun's name who plays it instead.

    That is `module:Class`, made from the clients, or `module:Class@address`, made from the clients and the address.
    """
    return More(lambda kind: _played(kind, plays)(clients))


def _played(kind: type[Any], plays: Mapping[str, str]) -> Callable[[Clients], Any]:
    reference, _, address = plays.get(kind.noun, kind.adapter).partition("@")
    if not reference:
        raise Rejected(f"nobody plays {kind.noun} in this account; name who does in its row (`plays`)")
    module, _, name = reference.partition(":")
    player = getattr(importlib.import_module(module), name)
    return (lambda clients: player(clients, address)) if address else player


def none(kind: type[Any]) -> Any:
    """For a cloud that has no nouns."""
    raise LookupError(f"this cloud has no {kind.noun}")
