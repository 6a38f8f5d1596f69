"""Opt accounts in: `python -m stacks.accounts accounts.json --table NAME` writes the file's accounts into the table.

The file is a list of objects like those in `accounts.example.json`. Known accounts are replaced, others stay.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3

from lambdas.accounts import Account, AccountHook, Limits, Protected, put
from lambdas.dynamo import DynamoTable
from lambdas.table import Table

_NEEDED = {"name", "id", "regions"}
_KNOWN = {*_NEEDED, "role", "externalId", "environment", "protectedClusters", "brake", "plays", "lifecycleHooks"}
_RULES = {
    "name": r"[A-Za-z0-9_-]{1,64}",
    "id": r"\d{12}",
    "role": r"arn:[a-z-]+:iam::\d{12}:role/windlass-\S+",
    "externalId": r"[\w+=,.@:/-]{2,1224}",
    "environment": r"[A-Za-z0-9_-]{1,64}",
}
_PLAYER = r"[\w.]+:\w+(@\S+)?"
_HOOK = {
    "lifecycleTransition": "lifecycle_transition",
    "roleARN": "role_arn",
    "notificationTargetARN": "notification_target_arn",
    "heartbeatTimeout": "heartbeat_timeout",
    "defaultResult": "default_result",
}
"""Fields of a lifecycle hook, as Spinnaker's configuration of accounts has them."""
_TRANSITION = r"autoscaling:EC2_INSTANCE_(LAUNCHING|TERMINATING)"
_PATTERNS = {"application", "stack", "detail", "region"}
_REGION = r"[a-z]{2,4}(-[a-z]+)+-\d"


def parse(text: str) -> tuple[Account, ...]:
    """The accounts of a file; ValueError names every mistake in it."""
    entries = json.loads(text)
    if not isinstance(entries, list):
        raise ValueError("the file must hold a list of accounts")
    mistakes = [f"account {number}: {wrong}" for number, one in enumerate(entries, 1) for wrong in _mistakes(one)]
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return tuple(_account(one) for one in entries)


def seed(table: Table, accounts: Sequence[Account]) -> None:
    """Add these accounts, or replace what was known of them."""
    for account in accounts:
        put(table, account)


def _mistakes(entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return ["is not an object"]
    return [
        *(f"lacks {name}" for name in sorted(_NEEDED - entry.keys())),
        *(f"{name} is unknown; say one of {', '.join(sorted(_KNOWN))}" for name in sorted(entry.keys() - _KNOWN)),
        *(
            f"{name} {entry[name]!r} does not match {rule}"
            for name, rule in _RULES.items()
            if name in entry and not (isinstance(entry[name], str) and re.fullmatch(rule, entry[name]))
        ),
        *_mistakes_of_regions(entry.get("regions", ["us-east-1"])),
        *_mistakes_of_protection(entry.get("protectedClusters", [])),
        *_mistakes_of_limits(entry.get("brake", {})),
        *_mistakes_of_players(entry.get("plays", {})),
        *_mistakes_of_hooks(entry.get("lifecycleHooks", [])),
    ]


def _mistakes_of_regions(regions: Any) -> list[str]:
    if not isinstance(regions, list) or not regions:
        return [f"regions {regions!r} is not a list of at least one Region"]
    return [f"Region {one!r} does not look like us-east-1" for one in regions if not re.fullmatch(_REGION, str(one))]


def _mistakes_of_protection(clusters: Any) -> list[str]:
    """A pattern that is misspelt would protect nothing, and nobody would notice."""
    if not isinstance(clusters, list) or not all(isinstance(one, dict) for one in clusters):
        return [f"protectedClusters {clusters!r} is not a list of objects"]
    return [
        f"protected cluster {one} is not of texts named {', '.join(sorted(_PATTERNS))}, with an application"
        for one in clusters
        if not one.get("application") or one.keys() - _PATTERNS or not all(isinstance(v, str) for v in one.values())
    ]


def _mistakes_of_limits(limits: Any) -> list[str]:
    known = {"groups": 100, "percent": 100}
    if not isinstance(limits, dict) or limits.keys() - known.keys():
        return [f"brake {limits!r} is not an object of groups and percent"]
    return [
        f"brake: {name} is a whole number from 0 to {known[name]}, not {value!r}"
        for name, value in limits.items()
        if type(value) is not int or not 0 <= value <= known[name]
    ]


def _mistakes_of_players(plays: Any) -> list[str]:
    if not isinstance(plays, dict):
        return [f"plays {plays!r} is not an object"]
    return [
        f"plays: {noun} is module:Class or module:Class@address, not {player!r}"
        for noun, player in plays.items()
        if not (isinstance(player, str) and re.fullmatch(_PLAYER, player))
    ]


def _mistakes_of_hooks(hooks: Any) -> list[str]:
    if not isinstance(hooks, list) or not all(isinstance(one, dict) for one in hooks):
        return [f"lifecycleHooks {hooks!r} is not a list of objects"]
    return [
        f"lifecycle hook {one} is not of {', '.join(_HOOK)}, with a lifecycleTransition"
        for one in hooks
        if one.keys() - _HOOK.keys() or not re.fullmatch(_TRANSITION, str(one.get("lifecycleTransition")))
    ]


def _account(entry: dict[str, Any]) -> Account:
    return Account(
        name=entry["name"],
        id=entry["id"],
        regions=tuple(entry["regions"]),
        role=entry.get("role"),
        external_id=entry.get("externalId"),
        environment=entry.get("environment", "test"),
        protected=tuple(Protected(**one) for one in entry.get("protectedClusters", ())),
        limits=Limits(**entry.get("brake", {})),
        plays=tuple(sorted(entry.get("plays", {}).items())),
        hooks=tuple(_hook(one) for one in entry.get("lifecycleHooks", ())),
    )


def _hook(entry: dict[str, Any]) -> AccountHook:
    return AccountHook(**{_HOOK[name]: value for name, value in entry.items()})


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments().parse_args(arguments)
    try:
        accounts = parse(asked.file.read_text())
    except (OSError, ValueError) as error:
        print(f"{asked.file}: {error}", file=sys.stderr)  # noqa: T201 - the program's answer
        return 1
    client = boto3.client("dynamodb", region_name=asked.region, endpoint_url=asked.endpoint)
    seed(DynamoTable(client, asked.table), accounts)
    print(f"seeded {', '.join(one.name for one in accounts) or 'nothing'}")  # noqa: T201 - the program's answer
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stacks.accounts", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--table", required=True, help="the stack's output TableName")
    parser.add_argument("--region", help="the hub's Region; else the environment's")
    parser.add_argument("--endpoint", help="of DynamoDB, for the embedded AWS")
    return parser


if __name__ == "__main__":
    sys.exit(main())
