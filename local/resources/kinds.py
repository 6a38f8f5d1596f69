"""What it takes to be a resource type: how it is created, changed and deleted through the service's own API."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.clients import Clients

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A resource as the template wants it, its properties resolved."""

    type: str
    logical_id: str
    properties: Json
    stack: str
    account: str
    region: str
    clients: Clients

    def client(self, service: str) -> Any:
        return self.clients.within(self.account).get(service, self.region)

    def name(self, given: str = "", *, limit: int = 64) -> str:
        """The name in the property `given`, or a generated one that the same resource always gets."""
        if given and self.properties.get(given):
            return str(self.properties[given])
        suffix = hashlib.sha256(f"{self.stack}/{self.logical_id}".encode()).hexdigest()[:12].upper()
        return f"{self.stack}-{self.logical_id}"[: limit - 13] + f"-{suffix}"

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def only(self, *names: str) -> Json:
        return {name: self.properties[name] for name in names if name in self.properties}

    def without(self, *names: str) -> Json:
        return {name: value for name, value in self.properties.items() if name not in names}


@dataclass(frozen=True)
class Made:
    """What `Ref` and `Fn::GetAtt` give for a resource."""

    id: str
    attributes: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A resource type. `update` returns None where the change needs a replacement, and so does a kind without one."""

    create: Callable[[Wanted], Made]
    update: Callable[[Wanted, Json, Made], Made | None] | None = None
    delete: Callable[[Wanted, Made], None] | None = None
    deletes_first: bool = False
    """A replacement has the same name, so the old one must go before the new one comes."""


def ignored(wanted: Wanted) -> Made:
    """A type whose effect nothing on the embedded AWS depends on; it exists by name only."""
    return Made(wanted.name())


def ignored_update(wanted: Wanted, before: Json, made: Made) -> Made:
    return made


IGNORED = Kind(create=ignored, update=ignored_update)


def tag_map(tags: Any) -> dict[str, str]:
    """Tags as an object, whichever of the two shapes the type has in templates."""
    if isinstance(tags, dict):
        return {str(key): str(value) for key, value in tags.items()}
    return {tag["Key"]: str(tag["Value"]) for tag in tags or []}


def tag_list(tags: Any, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: content} for name, content in tag_map(tags).items()]


def lower_first(value: Any) -> Any:
    """Property names as the APIs of API Gateway, Logs and Step Functions spell them."""
    if isinstance(value, list):
        return [lower_first(item) for item in value]
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: lower_first(item) for key, item in value.items()}
    return value
