"""What is hidden in text of unknown origin, and what is not."""

import pytest

from lambdas.redaction import redacted, trail


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key AKIAIOSFODNN7EXAMPLE used", "key [hidden] used"),
        ("export DB_PASSWORD=hunter2 ok", "export DB_[hidden] ok"),
        ('{"api_key": "abc123", "port": 1}', '{"[hidden] "port": 1}'),
        ("Authorization: Bearer abc.def-ghi end", "Authorization: Bearer [hidden] end"),
        ("postgres://shop:pa55@db/shop", "postgres://[hidden]@db/shop"),
        ("a eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln b", "a [hidden] b"),
        ("x\n-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\ny", "x\n[hidden]\ny"),
        ("x\n-----BEGIN PRIVATE KEY-----\ncut off", "x\n[hidden]"),
        ("\x1b[31mFAILED\x1b[0m\x00 to start\ttwice\n", "FAILED to start\ttwice\n"),
        ("kernel: Linux version 6.1, tokens are fine", "kernel: Linux version 6.1, tokens are fine"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_lines_of_a_known_secret_are_hidden_wherever_they_stand() -> None:
    secret = "#!/bin/sh\nset -x\n  curl https://vault/shop\nfi\n"

    shown = redacted("+ curl https://vault/shop\n+ fi\nset -x\n", [secret])

    assert shown == "+ [hidden]\n+ fi\n[hidden]\n"


def test_where_an_error_came_from_is_told_without_what_it_says() -> None:
    try:
        try:
            raise KeyError("hunter2")
        except KeyError as cause:
            raise ValueError("hunter2 again") from cause
    except ValueError as error:
        told = trail(error)

    here = "test_redaction.py"
    assert [one.split(" ")[0] for one in told.split(" < ")] == ["ValueError", "KeyError"]
    assert told.count(here) == 2
    assert "hunter2" not in told
