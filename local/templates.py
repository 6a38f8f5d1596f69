"""CloudFormation's template language: references, intrinsic functions, conditions, order of creation."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Protocol

Json = dict[str, Any]

_HOLE = re.compile(r"\$\{(!?)([^}]*)\}")


class TemplateError(Exception):
    """The template says something that cannot be; the message says what."""


class NoValue:
    """`AWS::NoValue`: the property or list item that holds it is left out."""


NO_VALUE = NoValue()


class Scope(Protocol):
    """What names in a template stand for."""

    def ref(self, name: str) -> Any: ...
    def attribute(self, name: str, attribute: str) -> Any: ...
    def condition(self, name: str) -> bool: ...
    def mapping(self, name: str) -> Any: ...
    def imported(self, name: str) -> Any: ...


def resolved(value: Any, scope: Scope) -> Any:
    """The value with every intrinsic function replaced by what it stands for."""
    if isinstance(value, list):
        items = [resolved(item, scope) for item in value]
        return [item for item in items if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, argument), *_ = value.items()
        if name in {"Ref", "Condition"} or name.startswith("Fn::"):
            return _function(name, argument, scope)
    pairs = {key: resolved(item, scope) for key, item in value.items()}
    return {key: item for key, item in pairs.items() if item is not NO_VALUE}


def _function(name: str, argument: Any, scope: Scope) -> Any:
    if name == "Ref":
        return scope.ref(argument)
    if name == "Condition":
        return scope.condition(argument) if isinstance(argument, str) else {name: resolved(argument, scope)}
    if name == "Fn::GetAtt":
        return scope.attribute(*_attribute(argument))
    if name == "Fn::If":
        condition, yes, no = argument
        return resolved(yes if scope.condition(condition) else no, scope)
    if name == "Fn::Sub":
        return _substituted(argument, scope)
    return _calculated(name, resolved(argument, scope), scope)


def _calculated(name: str, argument: Any, scope: Scope) -> Any:
    if name == "Fn::FindInMap":
        return _found(scope.mapping(argument[0]), argument[0], argument[1:])
    if name == "Fn::ImportValue":
        return scope.imported(argument)
    if name == "Fn::GetAZs":
        return [f"{argument or scope.ref('AWS::Region')}{zone}" for zone in "abc"]
    if name not in _PURE:
        raise TemplateError(f"{name} is not supported by the embedded AWS")
    return _PURE[name](argument)


_PURE: dict[str, Callable[[Any], Any]] = {
    "Fn::Join": lambda argument: argument[0].join(str(part) for part in argument[1]),
    "Fn::Split": lambda argument: argument[1].split(argument[0]),
    "Fn::Select": lambda argument: argument[1][int(argument[0])],
    "Fn::Base64": lambda argument: base64.b64encode(argument.encode()).decode(),
    "Fn::ToJsonString": json.dumps,
    "Fn::Equals": lambda argument: str(argument[0]) == str(argument[1]),
    "Fn::Not": lambda argument: not argument[0],
    "Fn::And": all,
    "Fn::Or": any,
}


def _attribute(argument: Any) -> tuple[str, str]:
    name, attribute = argument.split(".", 1) if isinstance(argument, str) else (argument[0], ".".join(argument[1:]))
    return name, attribute


def _found(table: Any, name: str, path: list[str]) -> Any:
    for key in path:
        if key not in table:
            raise TemplateError(f"mapping {name} has no key {key}")
        table = table[key]
    return table


def _substituted(argument: Any, scope: Scope) -> str:
    text, given = argument if isinstance(argument, list) else (argument, {})

    def value(hole: re.Match[str]) -> str:
        literal, name = hole.groups()
        if literal:
            return f"${{{name}}}"
        if name in given:
            return str(resolved(given[name], scope))
        return str(scope.attribute(*_attribute(name)) if "." in name else scope.ref(name))

    return _HOLE.sub(value, text)


def references(value: Any) -> Iterator[str]:
    """Names of resources, parameters and pseudo parameters that the value mentions."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if key == "Ref":
            yield item
        elif key == "Fn::GetAtt":
            yield _attribute(item)[0]
        elif key == "Fn::Sub":
            text, given = item if isinstance(item, list) else (item, {})
            yield from (hole.partition(".")[0] for literal, hole in _HOLE.findall(text) if not literal)
            yield from references(given)
        else:
            yield from references(item)


def in_order(resources: Mapping[str, Json]) -> list[str]:
    """Each resource after everything that it refers to or depends on."""
    graph = {name: _needs(resource, resources) for name, resource in resources.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise TemplateError(f"Circular dependency between resources: {error.args[1]}") from error


def _needs(resource: Json, resources: Mapping[str, Json]) -> list[str]:
    depends = resource.get("DependsOn", [])
    named = [depends] if isinstance(depends, str) else list(depends)
    return sorted({name for name in [*named, *references(resource.get("Properties", {}))] if name in resources})
