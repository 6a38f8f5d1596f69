"""The book's shelf in S3: what was put stays, and a second put of the same page is none."""

import pytest
from botocore.stub import Stubber

from lambdas.audit.aws import Bucket
from lambdas.errors import Broken, Throttled, Transient, WindlassError
from tests.contract.recording import Recorder, recorded, seeding

NAME, KEY = "windlass-book", "book/0/000000000000.json"


def bucket() -> Bucket:
    return Bucket(recorded("s3"), NAME)


def test_a_page_is_put_once_and_stays_as_it_was(aws: Recorder) -> None:
    seeding("s3").create_bucket(Bucket=NAME, ObjectLockEnabledForBucket=True)

    assert bucket().put(KEY, b"first")
    assert not bucket().put(KEY, b"second")
    assert bucket().get(KEY) == b"first"
    assert aws.calls == {("s3", "PutObject"), ("s3", "GetObject")}


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
