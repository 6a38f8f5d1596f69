"""`python -m doctor [upgrade]`: arguments, credentials, exit codes."""

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
from doctor.release import release
from doctor.report import BLIND, Report
from doctor.upgrade import upgrade
from lambdas.errors import WindlassError

COMMANDS = ("upgrade",)
UPGRADE = """
The release is the synthesised app of this very source tree (`npx cdk synth`, with the context of your deployment).
Nothing is written. Credentials and Region are boto3's own, and so is AWS_ENDPOINT_URL. docs/upgrades.md has the
permissions, and what each finding means.

exit codes: 0 nothing stands against it, 1 something does, 2 it could not be seen"""


def main(arguments: Sequence[str], clients: Clients | None = None, console: Console | None = None) -> int:
    command, *rest = arguments if arguments and arguments[0] in COMMANDS else ("upgrade", *arguments)
    given = _upgrade_parser(command).parse_args(rest)
    console = console or Console()
    try:
        report = upgrade(clients or _clients(given.region), given.stack, release(given.assembly, given.stack))
    except (NotSeen, BotoCoreError, ClientError, WindlassError) as reason:
        sys.stderr.write(f"{reason}\n")
        return BLIND
    _tell(report, console, as_json=given.json)
    return report.code


def _tell(report: Report, console: Console, *, as_json: bool) -> None:
    if as_json:
        console.print(report.as_json(), markup=False, highlight=False, soft_wrap=True)
    else:
        report.show(console)


def _upgrade_parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m doctor {command}",
        description="Say whether this release can be deployed now, and what it would break.",
        epilog=UPGRADE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", default="Windlass", help="its name (Windlass)")
    parser.add_argument("--assembly", type=Path, default=Path("cdk.out"), metavar="FOLDER", help="(cdk.out)")
    parser.add_argument("--region", help="the hub's Region; else the environment's")
    parser.add_argument("--json", action="store_true", help="all findings, for a pipeline")
    return parser


def _clients(region: str | None) -> Clients:
    session = boto3.Session(region_name=region)

    @cache
    def client(service: str) -> Any:
        return session.client(service)  # type: ignore[call-overload]  # by any service's name

    return client


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
