"""On the embedded AWS: operations stand in the locked book, and their planted secrets nowhere that anybody looks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.audit.__main__ import exported
from lambdas.audit.book import verified
from lambdas.audit.scribe import heads
from lambdas.dynamo import DynamoTable
from local.client import Json
from tests.end_to_end.live import TOLD, Live, creation, eventually, every, plays, told
from tests.rehearsal.planting import CALLBACK, HOLDERS, USER_DATA, found, signing, text_of

pytestmark = pytest.mark.xdist_group("embedded")
ENDS = {"succeeded", "rolledBack", "notStarted", "needsAttention"}


def written(live: Live) -> dict[str, Any]:
    """One operation that succeeds and one that is refused; what the book has of them, and all that was told."""
    asked = {"userData": text_of(USER_DATA)}
    callback = {"Windlass-Callback": "https://hooks.example.com/hook", "Windlass-Callback-Secret": signing(CALLBACK)}
    first = live.ask("POST", "/operations/createServerGroup", creation("book", **asked), **callback)
    assert first.status == 202, first.text
    good = live.ended(first.json["id"])
    bad = live.run("createServerGroup", creation("book", stack="none", image="there-is-none", **asked))
    both = (good["id"], bad["id"])
    book = Book(live)
    eventually(lambda: all(ENDS & {one["kind"] for one in book.entries(each)} for each in both), within=TOLD)
    entries = {one: book.entries(one) for one in both}  # once more: a listing is of no single moment
    return {"good": good, "bad": bad, "entries": entries, "left": list(_left(live, both))}


@dataclass
class Book:
    """The pages in the bucket, of which each is read once: none is ever changed."""

    live: Live
    known: dict[str, bytes] = field(default_factory=dict)

    def entries(self, operation: str) -> list[Json]:
        return list(exported(iter(self.pages()), None, None, operation))

    def pages(self) -> list[tuple[str, bytes]]:
        s3, bucket = self.live.aws("s3"), self.live.stage.outputs["BookName"]
        for one in list(every(s3, "list_objects_v2", "Contents", Bucket=bucket, Prefix="book/")):
            if (key := one["Key"]) not in self.known:
                self.known[key] = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return sorted(self.known.items())


def _left(live: Live, operations: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What anybody sees of them: logs, histories, answers, rows that may hold no secret, the book."""
    for log in live.logs.rglob("*"):
        if log.is_file():
            yield str(log), log.read_text(errors="replace")
    for one in operations:
        for view in ("", "/events", "/evidence", "/deliveries"):
            yield f"GET {view}", live.ask("GET", f"/operations/{one}{view}").text
        yield f"history of {one}", json.dumps(_history(live, one), default=str)
    yield "export", live.ask("GET", "/operations/export?application=book").text
    for row in live.rows.all():
        if not row["sk"].startswith(HOLDERS):
            yield f"{row['pk']} {row['sk']}", json.dumps(row)
    yield from ((key, body.decode()) for key, body in Book(live).pages())


def _history(live: Live, operation: str) -> Any:
    arn = f"arn:aws:states:us-east-1:123456789012:execution:windlass-CreateServerGroup:{operation}"
    return live.aws("stepfunctions").get_execution_history(executionArn=arn, maxResults=1000)["events"]


@plays([written])
def test_an_operation_is_in_the_book_from_its_request_to_its_end(played: dict[str, Any]) -> None:
    good, bad = ([one["kind"] for one in played["entries"][played[name]["id"]]] for name in ("good", "bad"))

    assert played["good"]["status"] == "SUCCEEDED", told(played["good"])
    assert played["bad"]["status"] == "ROLLED_BACK", told(played["bad"])
    assert sorted(good) == ["accepted", "started", "succeeded"]
    assert {"accepted", "rolledBack"} <= set(bad)


@plays([written])
def test_the_book_is_whole_and_locked(live: Live, played: dict[str, Any], quiet: Live) -> None:
    bucket = live.stage.outputs["BookName"]
    known = heads(DynamoTable(live.aws("dynamodb"), live.stage.outputs["TableName"]))

    assert known
    assert [str(one) for one in verified(Book(live).pages(), known)] == []
    lock = live.aws("s3").get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert lock["ObjectLockEnabled"] == "Enabled"


@plays([written])
def test_no_planted_secret_is_anywhere_but_in_its_row(live: Live, played: dict[str, Any]) -> None:
    assert [where for where, text in played["left"] if found(text)] == []
    held = [row["sk"] for row in live.rows.all() if found(json.dumps(row))]
    assert set(held) == {"request", "callback"}
