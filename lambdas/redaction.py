"""Text of unknown origin without what must not be shown: best effort, since nobody can know what a program prints."""

import re
import traceback
from collections.abc import Iterable, Iterator

_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    r"|(?i:(?<=bearer )\S+)"
    r"""|(?i:(?:pass(?:word|wd|phrase)?|secret|token|credentials?|api[_-]?key|access[_-]?key)[\w-]*["']?\s*[:=]\s*)\S+""",
    re.DOTALL,
)
"""Private keys, AWS's access keys, JSON web tokens, passwords in URLs, bearers, and whatever is called a secret."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\n\t\x20-\x7e\u00a0-\U0010ffff]")
"""Terminals' sequences and what cannot be shown."""
HIDDEN = "[hidden]"
SHORTEST = 6
"""Characters of a secret's line that is looked for: a shorter one (`fi`, `done`) would hide half of any text."""


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text, as far as it may be shown: without known secrets' lines and without what looks like one."""
    shown = _CONTROL.sub("", text)
    for line in sorted(_lines(secrets), key=len, reverse=True):
        shown = shown.replace(line, HIDDEN)
    return _SECRETS.sub(HIDDEN, shown)


def trail(error: BaseException) -> str:
    """Where an error was raised, cause by cause: kinds and places, without the sentences, which may quote a request."""
    return " < ".join(_links(error))


def _links(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        yield " ".join([type(error).__name__, *(f"{one.filename}:{one.lineno}:{one.name}" for one in reversed(frames))])
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _lines(secrets: Iterable[str]) -> set[str]:
    return {line.strip() for one in secrets for line in one.splitlines() if len(line.strip()) >= SHORTEST}
