"""The policies of a deployment, checked before anything is made of them: `lambdas.authority` decides by them."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cedarpy import policies_to_json_str, validate_policies

from lambdas.api.certificates import CERTIFICATES, EXAMPLE, holders_in
from lambdas.authority import GROUPS, OPERATE, PATTERN, POLICIES, SCHEMA, teams_in, text_of
from saga import Saga

AnySaga = Saga[Any, Any, Any]
_OPERATION = (
    'action "{name}" in ["{group}"] appliesTo {{ principal: [Principal, User], resource: [Operation], context: When }};'
)


class BadPolicies(ValueError):
    """Everything that is wrong with a folder of policies, a sentence a line."""


def check(folder: Path, operations: Sequence[AnySaga], *, certified: bool = False) -> None:
    """Raises BadPolicies: what would be found out at the first request is told before anything is deployed.

    `certified`: callers come with certificates, so somebody has to be behind one.
    """
    names = [saga.operation for saga in operations]
    callers = (*_of_teams(folder), *_of_certificates(folder, certified))
    if mistakes := [*_named_as_ours(names), *callers, *_of_policies(folder, names)]:
        raise BadPolicies("\n".join(mistakes))


def schema_of(operations: Sequence[str]) -> str:
    """What policies may speak of, with these operation types."""
    own = (_OPERATION.format(name=one, group=OPERATE) for one in sorted(operations))
    return "\n".join(((POLICIES / SCHEMA).read_text("utf-8"), *own))


def _named_as_ours(operations: Sequence[str]) -> Iterator[str]:
    taken = {*GROUPS, OPERATE, *(one for actions in GROUPS.values() for one in actions)}
    for one in sorted(taken.intersection(operations)):
        yield f"operation {one} is called as an action of Windlass's own; policies could not tell them apart: rename it"


def _of_teams(folder: Path) -> Iterator[str]:
    try:
        teams_in(folder)
    except ValueError as error:
        yield str(error)


def _of_certificates(folder: Path, certified: bool) -> Iterator[str]:
    try:
        holders = holders_in(folder)
    except ValueError as error:
        yield str(error)
        return
    if certified and not holders:
        yield f"{folder / CERTIFICATES} maps no certificate, so nobody could use the mutual TLS door: {EXAMPLE}"


def _of_policies(folder: Path, operations: Sequence[str]) -> Iterator[str]:
    try:
        text = text_of(folder)
    except ValueError as error:
        yield str(error)
        return
    if unreadable := list(_unreadable(folder)):
        yield from unreadable
        return
    yield from _unnamed(text)
    found = validate_policies(text, schema_of(operations))
    names = found.id_annotations_by_policy_id
    for one in found.errors:
        yield f"policy {names.get(one.policy_id, one.policy_id)}: {_said(one.error)}"


def _unreadable(folder: Path) -> Iterator[str]:
    """File by file: the engine does not say where."""
    for path in sorted(folder.glob(PATTERN)):
        try:
            policies_to_json_str(path.read_text("utf-8"))
        except ValueError as error:
            yield f"{path.name} is not Cedar: {error}"


def _unnamed(text: str) -> Iterator[str]:
    """Decisions are explained by the names of policies."""
    policies = json.loads(policies_to_json_str(text))["staticPolicies"].values()
    names = [one.get("annotations", {}).get("id") for one in policies]
    if not names:
        yield "there is no policy: nobody might do anything"
    if missing := names.count(None):
        yield f'policies without a name: {missing}; write @id("who-may-what") before each'
    for name in sorted({one for one in names if one and names.count(one) > 1}):
        yield f"policy {name}: there are {names.count(name)} of this name; give each its own"


def _said(error: str) -> str:
    """Without the engine's number of the policy, which nobody knows."""
    return error.partition("`, ")[2] if error.startswith("for policy `") else error
