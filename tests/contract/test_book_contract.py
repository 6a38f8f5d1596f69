"""The book's shelf in S3: what was put stays, and a second put of the same page is none."""

import pytest
from botocore.stub import Stubber

from lambdas.audit.__main__ import main
from lambdas.audit.aws import Bucket
from lambdas.audit.scribe import Scribe
from lambdas.errors import Broken, Throttled, Transient, WindlassError
from tests.contract.recording import Recorder, recorded, seeding
from tests.contract.test_table_contract import dynamo

NAME, KEY = "windlass-book", "book/0/000000000000.json"


def bucket() -> Bucket:
    return Bucket(recorded("s3"), NAME)


def test_a_page_is_put_once_and_stays_as_it_was(aws: Recorder) -> None:
    seeding("s3").create_bucket(Bucket=NAME, ObjectLockEnabledForBucket=True)

    assert bucket().put(KEY, b"first")
    assert not bucket().put(KEY, b"second")
    assert bucket().get(KEY) == b"first"
    assert aws.calls == {("s3", "PutObject"), ("s3", "GetObject")}


def test_the_end_of_a_lane_that_was_cut_off_is_missed_in_the_bucket(
    aws: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    seeding("s3").create_bucket(Bucket=NAME)
    scribe = Scribe(dynamo(), bucket(), lambda: 1_700_000_000.0)
    for number in range(30):
        scribe.sit().write([{"id": f"entry-{number}", "operation": f"{number}", "at": "2026-11-26T12:00:00+00:00"}])
    verify = ["verify", f"s3://{NAME}", "--table", "windlass"]

    assert main(verify) == 0
    last = max(one["Key"] for one in seeding("s3").list_objects_v2(Bucket=NAME, Prefix="book/0/")["Contents"])
    seeding("s3").delete_object(Bucket=NAME, Key=last)

    assert main(verify) == 1
    assert f"{last}: is missing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("SlowDown", Throttled),
        ("ConditionalRequestConflict", Throttled),
        ("AccessDenied", WindlassError),
        ("InternalError", Transient),
        ("InvalidRequest", Broken),
    ],
)
def test_what_keeps_a_page_from_being_put_is_one_of_our_errors(
    recorder: Recorder, code: str, error: type[WindlassError]
) -> None:
    with Stubber(recorded("s3")) as stubber:
        stubber.add_client_error("put_object", code)
        with pytest.raises(error, match=f"page {KEY}: s3:PutObject answered {code}"):
            bucket().put(KEY, b"first")
