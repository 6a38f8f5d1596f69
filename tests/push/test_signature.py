"""A receiver can tell that a webhook is ours: Standard Webhooks, and the snippet of docs/push.md."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from lambdas.push.signature import headers, key_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"test": 2432232314}'
PAGE = Path(__file__).parent.parent.parent / "docs" / "push.md"


def snippet() -> Any:
    """What a receiver copies from the page."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)
    return found["verified"]


def test_it_is_the_signature_that_standard_webhooks_shows() -> None:
    """The example of the specification's own libraries."""
    signed = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY, [SECRET])

    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_verifies_it_with_the_page_s_snippet() -> None:
    signed = headers("abc.7", 1_700_000_000, BODY, [SECRET])

    assert snippet()(signed, BODY.encode(), SECRET, now=1_700_000_010) is True


def test_a_receiver_that_knows_the_old_secret_or_the_new_one_verifies_it() -> None:
    older = "whsec_" + base64.b64encode(b"o" * 32).decode()
    signed = headers("abc.7", 1_700_000_000, BODY, [SECRET, older])

    assert snippet()(signed, BODY.encode(), older, now=1_700_000_010)
    assert snippet()(signed, BODY.encode(), SECRET, now=1_700_000_010)


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({"webhook-id": "abc.8"}, BODY, 1_700_000_010),
        ({"webhook-timestamp": "1700000001"}, BODY, 1_700_000_010),
        ({"webhook-signature": "v1,AAAA"}, BODY, 1_700_000_010),
        ({}, BODY + " ", 1_700_000_010),
        ({}, BODY, 1_700_000_301),
    ],
)
def test_what_was_changed_or_is_old_is_not_verified(changed: dict[str, str], body: str, now: float) -> None:
    signed = headers("abc.7", 1_700_000_000, BODY, [SECRET]) | changed

    assert not snippet()(signed, body.encode(), SECRET, now=now)


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_, then base64"),
        ("whsec_not base64!", "is base64 behind whsec_"),
        ("whsec_QUJD", "has 24 to 64 bytes behind whsec_, not 3"),
    ],
)
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        key_of(secret)

    assert secret not in str(refused.value)
