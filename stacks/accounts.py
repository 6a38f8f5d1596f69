"""Opt accounts in: `python -m stacks.accounts accounts.json --table NAME` writes the file's accounts into the table.

The file is a list of objects like those in `accounts.example.json`: a name, and what the body of `PUT /accounts/{name}`
has. Known accounts are changed, others stay, and so does what is as it was. Each is tried first, by a dry call of the
hub's Reader, unless `--untried` says that its role comes later.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3

from lambdas import accounts as known_accounts
from lambdas import dry_calls
from lambdas.account_entry import NAME, AccountEntry
from lambdas.accounts import Account
from lambdas.dynamo import DynamoTable
from lambdas.engine import opting
from lambdas.environment import hub_of
from lambdas.errors import WindlassError
from lambdas.functions import LambdaFunctions
from lambdas.hub import Hub
from lambdas.requests import Invalid
from lambdas.sessions import WHOLE_FUNCTION
from lambdas.table import Table
from lambdas.values import changed

INSTALLATION = "windlass"
"""The prefix of the hub's functions, without its hyphen."""


def parse(text: str, installation: str = INSTALLATION) -> tuple[Account, ...]:
    """The accounts of a file; ValueError names every mistake in it."""
    entries = json.loads(text)
    if not isinstance(entries, list):
        raise ValueError("the file must hold a list of accounts")
    read = [_read(one, installation) for one in entries]
    mistakes = [f"account {number}: {wrong}" for number, (_, some) in enumerate(read, 1) for wrong in some]
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return tuple(account for account, _ in read if account is not None)


def seed(table: Table, accounts: Sequence[Account], by: str = "a seed file") -> None:
    """Add these accounts, or change what was known of them. Raises `lambdas.engine.opting.Changed`."""
    for account in accounts:
        opting.opt_in(_hub(table), account, known_accounts.find(table, account.name), by)


def untrue(functions: LambdaFunctions, accounts: Sequence[Account]) -> Iterator[str]:
    """What the dry calls of these accounts find."""
    for account in accounts:
        for found in dry_calls.asked_for(functions, account):
            yield f"account {account.name}: {found.field}: {found.says}"


def _read(entry: Any, installation: str) -> tuple[Account | None, Sequence[str]]:
    """The account, or what is wrong with it."""
    if not isinstance(entry, dict):
        return None, ["is not an object"]
    name, rest = entry.get("name"), {key: value for key, value in entry.items() if key != "name"}
    named = isinstance(name, str) and re.fullmatch(NAME, name)
    wrong = [] if named else [f"name: {name!r} does not match {NAME}" if name else "name: is required"]
    try:
        return AccountEntry.parse(rest).account(str(name), installation), wrong
    except Invalid as error:
        return None, [*wrong, *error.codes]


def _hub(table: Table) -> Hub:
    """Enough of it for what is written."""
    environ = {"WINDLASS_TABLE": "", "AWS_REGION": "", "WINDLASS_ACCOUNT": ""}
    return changed(hub_of(environ), table=table)


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments().parse_args(arguments)
    try:
        accounts = parse(asked.file.read_text(), asked.prefix.rstrip("-"))
        if not asked.untried and (wrong := list(untrue(_functions(asked), accounts))):
            raise ValueError("\n".join(wrong))
        seed(DynamoTable(_client(asked, "dynamodb"), asked.table), accounts, _caller(asked))
    except (OSError, ValueError, WindlassError) as error:
        print(f"{asked.file}: {error}", file=sys.stderr)  # noqa: T201 - the program's answer
        return 1
    print(f"seeded {', '.join(one.name for one in accounts) or 'nothing'}")  # noqa: T201 - the program's answer
    return 0


def _functions(asked: argparse.Namespace) -> LambdaFunctions:
    client = _client(asked, "lambda", config=WHOLE_FUNCTION)
    return LambdaFunctions(client, {dry_calls.READER: f"{asked.prefix}{dry_calls.READER}:live"})


def _caller(asked: argparse.Namespace) -> str:
    return str(_client(asked, "sts").get_caller_identity()["Arn"])


def _client(asked: argparse.Namespace, service: str, **more: Any) -> Any:
    return boto3.client(service, region_name=asked.region, endpoint_url=asked.endpoint, **more)  # type: ignore[call-overload]  # by any service's name


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stacks.accounts", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--table", required=True, help="the stack's output TableName")
    parser.add_argument("--prefix", default=f"{INSTALLATION}-", help="of the hub's functions (context `prefix`)")
    parser.add_argument("--untried", action="store_true", help="write them without a dry call of each")
    parser.add_argument("--region", help="the hub's Region; else the environment's")
    parser.add_argument("--endpoint", help="of AWS, for the embedded one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
