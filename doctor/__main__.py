"""`python -m doctor [upgrade | reconcile | destroy]`: arguments, credentials, exit codes."""

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from doctor.deployed import Clients, NotSeen
from doctor.destroy import destroy
from doctor.reconcile import reconcile
from doctor.release import release
from doctor.report import BLIND, Report
from doctor.upgrade import upgrade
from lambdas.errors import WindlassError

CODES = """
Credentials and Region are boto3's own, and so is AWS_ENDPOINT_URL.

exit codes: 0 nothing stands against it, 1 something does, 2 it could not be seen"""
UPGRADE = f"""
The release is the synthesised app of this very source tree (`npx cdk synth`, with the context of your deployment).
Nothing is written. docs/upgrades.md has the permissions, and what each finding means.
{CODES}"""
RECONCILE = f"""
Each plan is compared with the cloud. Nothing is written: what a person has to do is named (docs/break-glass.md).
{CODES}"""
DESTROY = f"""
A stack refuses to be deleted. --lift takes that off where no operation runs (docs/break-glass.md).
{CODES}"""


def main(arguments: Sequence[str], clients: Clients | None = None, console: Console | None = None) -> int:
    command, *rest = arguments if arguments and arguments[0] in COMMANDS else ("upgrade", *arguments)
    parser, examined = COMMANDS[command]
    given = parser(command).parse_args(rest)
    try:
        report = examined(clients or _clients(given.region), given)
    except (NotSeen, BotoCoreError, ClientError, WindlassError) as reason:
        sys.stderr.write(f"{reason}\n")
        return BLIND
    _tell(report, console or Console(), as_json=given.json)
    return report.code


def _tell(report: Report, console: Console, *, as_json: bool) -> None:
    if as_json:
        console.print(report.as_json(), markup=False, highlight=False, soft_wrap=True)
    else:
        report.show(console)


def _parser(command: str, description: str, more: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m doctor {command}",
        description=description,
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", default="Windlass", help="its name (Windlass)")
    parser.add_argument("--region", help="the hub's Region; else the environment's")
    parser.add_argument("--json", action="store_true", help="all findings, for a pipeline")
    return parser


def _upgrade_parser(command: str) -> argparse.ArgumentParser:
    parser = _parser(command, "Say whether this release can be deployed now, and what it would break.", UPGRADE)
    parser.add_argument("--assembly", type=Path, default=Path("cdk.out"), metavar="FOLDER", help="(cdk.out)")
    return parser


def _upgrade(clients: Clients, given: argparse.Namespace) -> Report:
    return upgrade(clients, given.stack, release(given.assembly, given.stack))


def _reconcile_parser(command: str) -> argparse.ArgumentParser:
    return _parser(command, "Say how each operation goes on after people acted by hand, and what it needs.", RECONCILE)


def _reconcile(clients: Clients, given: argparse.Namespace) -> Report:
    return reconcile(clients, given.stack)


def _destroy_parser(command: str) -> argparse.ArgumentParser:
    parser = _parser(command, "Say whether the stack can be destroyed, and let go of it.", DESTROY)
    parser.add_argument("--lift", action="store_true", help="take its protection off, if nothing runs")
    return parser


def _destroy(clients: Clients, given: argparse.Namespace) -> Report:
    return destroy(clients, given.stack, lift=given.lift)


def _clients(region: str | None) -> Clients:
    session = boto3.Session(region_name=region)

    @cache
    def client(service: str) -> Any:
        return session.client(service)  # type: ignore[call-overload]  # by any service's name

    return client


COMMANDS = {
    "upgrade": (_upgrade_parser, _upgrade),
    "reconcile": (_reconcile_parser, _reconcile),
    "destroy": (_destroy_parser, _destroy),
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
