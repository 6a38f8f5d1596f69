"""A caller of the deployed API: requests, and an operation followed to its end."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import urllib3

Json = dict[str, Any]
BEGUN = "begun"
OVER = ("SUCCEEDED", "ROLLED_BACK", "NEEDS_ATTENTION", "NOT_STARTED")


class Unexpected(Exception):
    """The API answered otherwise than promised."""


@dataclass(frozen=True)
class Seen:
    """One thing that became visible of an operation: a state entered, tried again, or waiting for another reason."""

    step: str
    attempt: int
    elapsed: float
    """Seconds since the operation was accepted."""
    text: str

    @property
    def key(self) -> tuple[str, int, str]:
        """What is the same but for a countdown is seen once."""
        return self.step, self.attempt, re.sub(r"\d+ s more", "", self.text)


@dataclass(frozen=True)
class Answer:
    """What came back, whatever it is."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


Signer = Callable[[str, str, str | None, Mapping[str, str]], Mapping[str, str]]
"""From method, URL, body and headers of a request the headers to send."""


class Client:
    """`sign` signs each request; without it they are sent as they are, which the embedded AWS takes."""

    def __init__(self, url: str, *, sign: Signer | None = None) -> None:
        self.url = url
        self._sign = sign
        self._pool = urllib3.PoolManager(maxsize=32, retries=urllib3.Retry(connect=3, read=0))

    def get(self, path: str) -> Json:
        return self._read("GET", path, None, 200)

    def post(self, path: str, body: Any, *, expect: int = 200) -> Json:
        return self._read("POST", path, body, expect)

    def ask(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a request; a body that is text is sent as it is."""
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        sent = {"content-type": "application/json", **(headers or {})}
        if self._sign is not None:
            sent = dict(self._sign(method, self.url + path, text, sent))
        got = self._pool.request(method, self.url + path, body=text, headers=sent, timeout=60)
        return Answer(got.status, dict(got.headers.items()), got.data.decode())

    def _read(self, method: str, path: str, body: Any, expect: int) -> Json:
        answer = self.ask(method, path, body)
        if answer.status != expect:
            raise Unexpected(f"{method} {path} answered {answer.status}: {answer.text[:500]}")
        found: Json = answer.json
        return found

    def follow(self, operation: str, *, within: float = 300, pause: float = 0.25) -> Iterator[Seen]:
        """Whatever becomes visible of the operation until it is over. Raises Unexpected when it takes longer."""
        deadline = time.monotonic() + within
        shown: set[tuple[str, int, str]] = set()
        while time.monotonic() < deadline:
            view = self.get(f"/operations/{operation}")
            for seen in _visible(view):
                if seen.key not in shown:
                    shown.add(seen.key)
                    yield seen
            if view["status"] in OVER:
                return
            time.sleep(pause)
        raise Unexpected(f"operation {operation} is not over after {within:.0f} s: {view['step']}, {view['reason']}")

    def until(self, operation: str, is_so: Callable[[Json], bool], *, within: float = 60) -> Json:
        """The operation's view as soon as it is so. Raises Unexpected when it takes longer."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            view = self.get(f"/operations/{operation}")
            if is_so(view):
                return view
            time.sleep(0.1)
        raise Unexpected(f"operation {operation} is in {view['step']} after {within:.0f} s: {view['reason']}")

    def end_of(self, operation: str, *, within: float = 300) -> Json:
        """The view of the operation once it is over."""
        return self.until(operation, lambda view: view["status"] in OVER, within=within)


def _visible(view: Json) -> Iterator[Seen]:
    for step in view["steps"]:
        for text in filter(None, (step["error"], step["did"])):
            yield Seen(step["name"], step["attempts"], _elapsed(view, step["ended"]), text)
    done = {step["name"] for step in view["steps"] if step["did"]}
    if view["status"] not in OVER and view["step"] and view["step"] not in done:
        yield _current(view)


def _current(view: Json) -> Seen:
    """The state that was entered; what it waits for, unless that is the error it failed with before."""
    told = {step["error"] for step in view["steps"]}
    reason = view["reason"] if view["reason"] not in told else None
    began = view["since"] if view["attempt"] == 1 and reason is None else None
    return Seen(view["step"], view["attempt"], _elapsed(view, began), reason or BEGUN)


def _elapsed(view: Json, at: str | None) -> float:
    moment = datetime.fromisoformat(at) if at else datetime.now(UTC)
    return (moment - datetime.fromisoformat(view["accepted"])).total_seconds()
