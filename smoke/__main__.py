"""Play the four acts in a sandbox account of AWS, and say in what it differs from the embedded AWS.

It deploys Windlass with a prefix of its own, makes a load balancer in the default VPC, plays four acts (a deployment;
one whose function Lambda refuses to run; an image that never gets healthy; one request sent twenty times), and removes
all of it again, whatever happens. Use an account that nobody needs.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lambdas.accounts import Account
from lambdas.dynamo import DynamoTable
from local.client import Seen, Unexpected
from local.stage import FOLDER, StageError
from smoke import bill, sandbox
from smoke.acts import ACCOUNT, ACTS, Failed, Scene, swept
from smoke.places import CDK, STACK, Place, Refused, embedded, real
from smoke.records import Difference, Record, differences
from stacks.accounts import seed

LONGEST = 15
"""Minutes for AWS, clearing up included."""
CLEARING = 5
"""Minutes of these that are kept for clearing up."""
ERRORS = (Refused, StageError, Failed, Unexpected, BotoCoreError, ClientError)

console = Console(highlight=False)


def main(arguments: Sequence[str] | None = None) -> int:
    given = _given(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        if not CDK.exists():
            raise Refused("the CDK CLI is missing: run `npm ci`")
        return _cleared(given) if given.clean else _smoke(given)
    except ERRORS as error:
        console.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("\nstopped; what was made has been removed")
        return 130


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m smoke", description=__doc__, formatter_class=_Formatter)
    parser.add_argument("--account", help="the twelve digits of the sandbox account; nothing is done in another one")
    parser.add_argument("--profile", help="of your credentials, as AWS's CLI takes it")
    parser.add_argument("--region", help="the one to deploy into")
    parser.add_argument("--dry-run", action="store_true", help="a second embedded AWS instead of AWS")
    parser.add_argument("--clean", action="store_true", help="only remove what an earlier smoke has left")
    parser.add_argument("--yes", action="store_true", help="do not ask before money is spent")
    given = parser.parse_args(arguments)
    if given.dry_run == bool(given.account):
        parser.error("say where: --account 123456789012 for AWS, or --dry-run for the embedded AWS")
    return given


class _Formatter(argparse.RawDescriptionHelpFormatter):
    pass


def _smoke(given: argparse.Namespace) -> int:
    with _chosen(given) as there:
        if there.endpoint is None and not given.yes and not _agreed(there):
            return 1
        with embedded(FOLDER / "smoke-here") as here:
            expected = _played(here)
        began = time.monotonic()
        found = _played(there)
        minutes = (time.monotonic() - began) / 60
    return _told(expected, found, minutes, given)


@contextmanager
def _chosen(given: argparse.Namespace) -> Iterator[Place]:
    folder = FOLDER / "smoke"
    if given.dry_run:
        with embedded(folder) as place:
            yield place
    else:
        yield real(folder, given.account, profile=given.profile, region=given.region)


def _agreed(place: Place) -> bool:
    console.print(
        f"This deploys into account {place.account}, {place.region}, takes {LONGEST} minutes at most, and costs "
        f"${bill.at_most(LONGEST):.2f} at most."
    )
    return console.input("Go on? [y/N] ").strip().lower() == "y"


def _played(place: Place) -> dict[str, Record]:
    """The records of all acts in that place; all that was made there is removed."""
    console.rule(f"[bold]{place.name}[/], account {place.account}, {place.region}", align="left")
    if place.outputs():
        raise Refused(f"{place.account} has a stack {STACK} already: this is no account to be spoilt")
    deadline = time.monotonic() + (LONGEST - CLEARING) * 60
    try:
        with _phase("bootstrap, synth"):
            place.cdk("bootstrap", f"aws://{place.account}/{place.region}")
            place.synth()
        with ThreadPoolExecutor(1) as aside:
            making = aside.submit(sandbox.made, place)
            with _phase("deploy"):
                place.cdk("deploy", *place.synthesised(), "--method=direct", "--require-approval", "never")
            with _phase("load balancer"):
                made = making.result()
        _seed_account(place)
        return _acts(Scene(place, place.api(), made, _show, deadline - time.monotonic()))
    finally:
        with _phase("clearing up"):
            _clear(place)


def _seed_account(place: Place) -> None:
    table = DynamoTable(place.client("dynamodb"), place.outputs()["TableName"])
    seed(table, (Account(ACCOUNT, place.account, (place.region,)),))


def _acts(scene: Scene) -> dict[str, Record]:
    with ThreadPoolExecutor(len(ACTS)) as stages:
        played = dict(zip(ACTS, stages.map(lambda name: _act(name, scene), ACTS), strict=True))
    failed = [name for name, record in played.items() if record is None]
    if failed:
        raise Failed(f"{len(failed)} of {len(ACTS)} acts did not end as promised: {', '.join(failed)}")
    return {name: record for name, record in played.items() if record is not None}


def _act(name: str, scene: Scene) -> Record | None:
    """None where it failed: the others are played to their ends all the same."""
    try:
        return ACTS[name](scene)
    except ERRORS as error:
        console.print(f"[red]✘ {name}: {escape(str(error))}[/]", soft_wrap=True)
        return None


def _show(act: str, seen: Seen) -> None:
    console.print(f"[dim]{act:<8}[/] {seen.elapsed:7.1f} s  [bold]{seen.step:<24}[/] {escape(seen.text)}")


def _clear(place: Place) -> None:
    """In the order of dependence. Says what is still there afterwards."""
    removed = swept(place)
    if place.outputs():
        place.empty_buckets()
        place.cdk("destroy", *place.synthesised(), "--force")
    sandbox.removed(place)
    left = [*swept(place), *sandbox.left(place), *([f"stack {STACK}"] if place.outputs() else [])]
    place_of = f"removed {len(removed)} server groups and launch templates"
    console.print(f"[dim]{place_of}[/]")
    if left:
        console.print(f"[red]still there: {escape(', '.join(left))}; run this again with --clean[/]", soft_wrap=True)


def _cleared(given: argparse.Namespace) -> int:
    with _chosen(given) as place:
        place.synth()
        _clear(place)
    return 0


def _told(expected: dict[str, Record], found: dict[str, Record], minutes: float, given: argparse.Namespace) -> int:
    every = [one for name in ACTS for one in differences(expected[name], found[name])]
    where = "a second embedded AWS" if given.dry_run else "AWS"
    console.rule(f"[bold]The embedded AWS, and {where}[/]", align="left")
    if every:
        console.print(_table(every))
    kept = FOLDER / "smoke" / "differences.json"
    kept.write_text(json.dumps([asdict(one) for one in every], indent=2))
    console.print(f"4 acts ended as promised in both; {len(every)} differences, kept in {kept.relative_to(Path.cwd())}")
    console.print(f"{where} took {minutes:.1f} minutes" + (f" of {LONGEST}" if not given.dry_run else ""))
    return 1 if every and given.dry_run else 0


def _table(every: Sequence[Difference]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("act", "what", "embedded", "there"):
        table.add_column(name, overflow="fold")
    for one in every:
        table.add_row(
            one.act, one.where, *(escape(text) if text is not None else "—" for text in (one.here, one.there))
        )
    return table


@contextmanager
def _phase(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    console.print(f"[dim]{name:<28}{time.monotonic() - began:6.1f} s[/]")


if __name__ == "__main__":
    sys.exit(main())
