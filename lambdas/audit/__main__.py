"""`python -m lambdas.audit`: see that the book is whole, and read it.

    verify PATH|s3://BUCKET [--table NAME]   names the first broken link of each lane; 1 where there is one
    export PATH|s3://BUCKET [--since TIME] [--until TIME] [--operation ID]   entries as JSON lines, each once

A PATH is a copy of the bucket (`aws s3 sync`). With the stack's table, the end of each lane is checked too.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lambdas.audit.book import FOLDER, Head, Json, opened, verified
from lambdas.table import Table

Pages = Iterator[tuple[str, bytes]]


def main(arguments: Sequence[str] | None = None) -> int:
    given = _arguments(arguments)
    pages = (
        in_bucket(given.book.removeprefix("s3://").strip("/"))
        if given.book.startswith("s3://")
        else in_folder(Path(given.book))
    )
    if given.command == "verify":
        return verify(pages, _heads(given.table))
    for entry in exported(pages, given.since, given.until, given.operation):
        sys.stdout.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return 0


def verify(pages: Pages, heads: dict[int, Head] | None) -> int:
    """Print what is broken, or how much there is; the exit code."""
    read: list[str] = []
    broken = list(verified(_counted(pages, read), heads))
    for one in broken:
        sys.stdout.write(f"{one}\n")
    ends = "their ends as the table knows them" if heads is not None else "their ends unchecked: give --table"
    sys.stdout.write(f"{len(read)} pages, {len(broken)} broken lanes; {ends}\n")
    return 1 if broken else 0


def exported(pages: Pages, since: datetime | None, until: datetime | None, operation: str | None) -> Iterator[Json]:
    """Entries of that time, and of that operation, each once, with the page that it stands on.

    Raises ValueError where a page was changed.
    """
    told: set[str] = set()
    for key, body in pages:
        for entry in opened(body).entries:
            at = datetime.fromisoformat(entry["at"])
            wanted = (since is None or at >= since) and (until is None or at < until)
            if wanted and operation in (None, entry.get("operation")) and entry["id"] not in told:
                told.add(entry["id"])
                yield {**entry, "page": key}


def in_folder(root: Path) -> Pages:
    folder = root if root.name == FOLDER else root / FOLDER
    if not folder.is_dir():
        raise SystemExit(f"{root} has no folder {FOLDER}; copy the bucket there: aws s3 sync s3://BUCKET {root}")
    return (
        (f"{FOLDER}/{one.relative_to(folder).as_posix()}", one.read_bytes()) for one in sorted(folder.rglob("*.json"))
    )


def in_bucket(name: str) -> Pages:
    import boto3  # noqa: PLC0415  a copy is read without it

    client: Any = boto3.client("s3")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=f"{FOLDER}/"):
        for one in page.get("Contents", ()):
            yield one["Key"], client.get_object(Bucket=name, Key=one["Key"])["Body"].read()


def _heads(table: str | None) -> dict[int, Head] | None:
    if table is None:
        return None
    import boto3  # noqa: PLC0415  as above

    from lambdas.audit.scribe import heads  # noqa: PLC0415
    from lambdas.dynamo import DynamoTable  # noqa: PLC0415

    known: Table = DynamoTable(boto3.client("dynamodb"), table)
    return heads(known)


def _counted(pages: Iterable[tuple[str, bytes]], read: list[str]) -> Pages:
    for key, body in pages:
        read.append(key)
        yield key, body


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m lambdas.audit", description="See that the book is whole, and read it.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("verify", help="name the first broken link of each lane")
    check.add_argument("--table", help="the stack's output TableName: the end of each lane is checked too")
    read = commands.add_parser("export", help="entries as JSON lines")
    read.add_argument("--since", type=_time, metavar="TIME", help="ISO 8601; without an offset, UTC")
    read.add_argument("--until", type=_time, metavar="TIME", help="before this")
    read.add_argument("--operation", metavar="ID")
    for one in (check, read):
        one.add_argument("book", help="a copy of the bucket, or s3://BUCKET")
    return parser.parse_args(arguments)


def _time(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
