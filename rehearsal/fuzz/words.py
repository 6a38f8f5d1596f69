"""What is said in requests: words that the rehearsed cloud knows, and hostile ones that no name should ever be."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from rehearsal.fuzz.asked import NO_BODY, Asked
from rehearsal.scenarios import ALL

Json = dict[str, Any]
LONG = 3_000
DEEP = 20_000
MOST_IDS = 40

HOSTILE: Mapping[str, str] = {
    "empty": "",
    "blank": " ",
    "null character": "shop\0",
    "control characters": "\x01\x02\x1b[2J",
    "line's end": "shop\r\nX-SPINNAKER-USER: root",
    "trailing newline": "shop\n",
    "right to left": "\u202ev000-pohs",
    "four bytes": "💥" * 20,
    "combining": "e" + "\u0301" * 60,
    "half a character": "shop\ud800",
    "byte order mark": "\ufeffshop",
    "no-break space": "shop\u00a0prod",
    "prototype": "__proto__",
    "constructor": "constructor",
    "upwards": "../../accounts/prod",
    "encoded upwards": "..%2f..%2f",
    "encoded null": "shop%00",
    "slashes": "a/b/c/d/e",
    "key of a row": "op#x/control",
    "separator": "guard#prod/us-east-1",
    "template": "${jndi:ldap://127.0.0.1/a}",
    "format": "{0.__class__}%s%n",
    "hole": "${EngineFunction}",
    "expression": "$.plan",
    "intrinsic": "States.Format('{}')",
    "markup": "<script>alert(1)</script>",
    "quotes": "'\"`;--",
    "wildcard": "*",
    "dashes": "-----",
    "starts with a dash": "-v000",
    "cursor": "eyJhIjoxfQ==",
    "number": "1e400",
    "not a number": "NaN",
    "negative": "-1",
    "metadata service": "https://169.254.169.254/latest/meta-data/",
    "loopback": "https://[::1]:443/",
    "userinfo": "https://example.com@127.0.0.1/",
    "file": "file:///etc/passwd",
    "long": "a" * LONG,
    "long of four bytes": "💥" * LONG,
}
"""Names for the report, and the words."""

RAW: Mapping[str, str] = {
    "nothing": "",
    "half a body": '{"account": ',
    "no object": "[1, 2",
    "not a number": '{"account": NaN}',
    "infinity": '{"account": "prod", "cooldown": 1e400}',
    "huge integer": '{"account": "prod", "cooldown": ' + "9" * 5_000 + "}",
    "forty digits": '{"account": "prod", "cooldown": ' + "9" * 40 + "}",
    "duplicate keys": '{"account": "prod", "account": "other", "region": "us-east-1"}',
    "half a character": '{"account": "\\ud800", "region": "us-east-1"}',
    "half a key": '{"\\udfff": 1}',
    "deep list": "[" * DEEP + "]" * DEEP,
    "deep object": '{"a":' * DEEP + "1" + "}" * DEEP,
    "wide": json.dumps({"account": "prod", "region": "us-east-1", **{f"f{n}": n for n in range(5_000)}}),
    "oversized": json.dumps({"account": "prod", "region": "us-east-1", "serverGroupName": "x" * 1_000_000}),
    "prototype": '{"__proto__": {"account": "prod"}, "constructor": {"prototype": {}}}',
    "a text": '"prod"',
    "null": "null",
    "byte order mark": '\ufeff{"account": "prod"}',
}
"""Bodies that no JSON library would write."""


GROUPS = ["shop-prod-v000", "shop-prod-v001", "cart-prod-v007", "shop-prod-v404"]
SPOKEN: Mapping[str, Sequence[Any]] = {
    "account": ["prod"] * 8 + ["test", "nobody"],
    "application": ["shop", "shop", "cart"],
    "cluster": ["shop-prod", "prod/us-east-1/shop-prod"],
    "provider": ["aws"],
    "kind": ["serverGroup", "cluster"],
    "name": [*GROUPS, "shop-prod", "ci"],
    "serverGroupName": GROUPS,
    "status": ["RUNNING", "SUCCEEDED"],
    "weekly": [{"from": "Friday 18:00", "until": "Monday 08:00", "timezone": "Europe/Berlin"}],
    "url": ["https://hooks.example.com/windlass"],
    "secret": [f"whsec_{32 * 'A'}"],
    "topic": ["arn:aws:sns:us-east-1:123456789012:windlass-team"],
    "windlass-callback": ["https://hooks.example.com/one"],
    "windlass-callback-secret": [f"whsec_{32 * 'A'}"],
}
"""What routes call by other names than operations do."""
WHOLE: Mapping[str, Json] = {
    "/applications/{application}/webhooks/{name}": {"url": SPOKEN["url"][0], "secret": SPOKEN["secret"][0]},
    "/applications/{application}/notifications/{name}": {"topic": SPOKEN["topic"][0], "format": "json"},
    "/freezes/{name}": {"reason": "the weekend", "until": None},
}
"""What makes the body of other routes right, whatever else is in it."""


def _moved(request: Any, where: Mapping[str, str]) -> Any:
    """The same of another account and Region, what it names of them inside included."""
    if not isinstance(request, dict):
        return request
    moved = {name: _moved(one, where) for name, one in request.items()}
    return {**moved, **where} if where.keys() <= moved.keys() else moved


class Words:
    """A dictionary from the scenarios of the rehearsal: what callers say in which field, on the cloud prepared so."""

    def __init__(self, where: Mapping[str, str] | None = None) -> None:
        """`where`: account and Region of another cloud than the rehearsed one, in which none of it is there."""
        self.requests: dict[str, list[Json]] = defaultdict(list)
        """Whole requests that are right, by operation type."""
        self.known: dict[str, list[Any]] = defaultdict(list)
        """Values by the field's or the parameter's name."""
        for scenario in ALL:
            if scenario.sagas is None:
                self.requests[scenario.operation].append(_moved(scenario.request, where or {}))
                self._learn(scenario.request)
        types = [*self.requests]
        self.known |= {"type": types, "operation_type": types, "action": [*types, "read", "lock", "cancel"]}
        self.known |= {name: list(values) for name, values in SPOKEN.items()}
        self.known |= {name: [value] for name, value in (where or {}).items()}

    def remember(self, operation: str) -> None:
        """An id that was answered, for routes to ask about."""
        for name in ("operation", "task"):
            self.known[name] = [*self.known[name][-MOST_IDS:], operation]

    def _learn(self, value: Any, name: str = "") -> None:
        if isinstance(value, dict):
            for key, one in value.items():
                self._learn(one, key)
        elif isinstance(value, list):
            for one in value:
                self._learn(one, name)
        elif name and value not in self.known[name]:
            self.known[name].append(value)

    def familiar(self, asked: Asked, random: Random, *, linked: bool) -> Asked:
        """The request with most of its names replaced by ones that mean something.

        `linked`: an earlier answer has said what its path is about.
        """
        path = dict(asked.path) if linked else self._in(asked.path, random)
        if not linked and "/ops/" in asked.template and random.random() < 0.9:
            path["name"] = random.choice([*self.requests])
        asked = replace(asked, path=path, query=self._in(asked.query, random), headers=self._in(asked.headers, random))
        return asked if asked.body is NO_BODY else replace(asked, body=self._body(asked, random))

    def _body(self, asked: Asked, random: Random) -> Any:
        kind = asked.template.removeprefix("/operations/")
        if kind in self.requests and random.random() < 0.6:
            return self._varied(random.choice(self.requests[kind]), asked.body, random)
        if asked.template in WHOLE and isinstance(asked.body, dict) and random.random() < 0.6:
            return asked.body | WHOLE[asked.template]
        if "/ops" in asked.template:
            return self._description(asked, random)
        return self._in(asked.body, random)

    def _varied(self, request: Json, other: Any, random: Random) -> Json:
        """A right request, some of whose fields are another's."""
        fields = [name for name in other if name not in ("account", "region")] if isinstance(other, dict) else []
        taken = random.sample(fields, min(len(fields), random.choice((0, 0, 1, 1, 2))))
        return request | {name: other[name] for name in taken}

    def _description(self, asked: Asked, random: Random) -> Any:
        """As Clouddriver's callers write it; a batch where the route takes one."""
        if random.random() < 0.3:
            return asked.body
        kinds = (
            [asked.path["name"]]
            if "name" in asked.path
            else random.sample(list(self.requests), random.choice((1, 1, 2, 3)))
        )
        described = [clouddrivers(random.choice(self.requests.get(kind) or [{}])) for kind in kinds]
        return (
            described[0] if "name" in asked.path else [{kind: one} for kind, one in zip(kinds, described, strict=True)]
        )

    def _in(self, value: Any, random: Random, name: str = "") -> Any:
        if isinstance(value, Mapping) and name not in self.known:
            return {key: self._in(one, random, key) for key, one in value.items()}
        if isinstance(value, list):
            return [self._in(one, random, name) for one in value]
        fit = [one for one in self.known.get(name, ()) if value is None or type(one) is type(value)]
        return random.choice(fit) if fit and random.random() < 0.85 else value


def clouddrivers(request: Json) -> Json:
    """The same in words that Clouddriver's descriptions use; what one of them does not know it ignores."""
    account, region, group = (request.get(name) for name in ("account", "region", "serverGroupName"))
    return {
        **request,
        "credentials": account,
        "regions": [region],
        "availabilityZones": {region: []},
        **({"asgs": [{"serverGroupName": group, "region": region}]} if group else {}),
        **({"amiName": request["image"]} if "image" in request else {}),
    }


def poisoned(asked: Asked, random: Random) -> Asked:
    """The request with a hostile word in one of its names, or a body that is no body."""
    named, word = random.choice([*HOSTILE.items()])
    slots = list(_slots(asked, word))
    if asked.body is not NO_BODY and (not slots or random.random() < 0.2):
        raw = random.choice([*RAW])
        return replace(asked, raw=RAW[raw], hostile=f"body: {raw}")
    if not slots:
        return asked
    place, made = random.choice(slots)
    return replace(made(), hostile=f"{place}: {named}")


def _slots(asked: Asked, word: str) -> Iterator[tuple[str, Callable[[], Asked]]]:
    """Where the word can stand, and the request with it there."""
    for place in ("path", "query", "headers"):
        given: Mapping[str, Any] = getattr(asked, place)
        for name in given if place != "path" or word not in ("", ".", "..") else ():
            yield place, partial(_said, asked, place, {**given, name: word})
    yield "query", partial(_said, asked, "query", {**asked.query, "after": word})
    for name in ("X-SPINNAKER-USER", "X-SPINNAKER-EXECUTION-ID"):
        yield "headers", partial(_said, asked, "headers", {**asked.headers, name: word})
    for leaf in () if asked.body is NO_BODY else _leaves(asked.body):
        yield "body", partial(_said, asked, "body", _with(asked.body, leaf, word))


def _said(asked: Asked, place: str, value: Any) -> Asked:
    changed: dict[str, Any] = {place: value}
    return replace(asked, **changed)


def _leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of texts, and of names of fields (`…, None`)."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, (*at, key))
            yield (*at, key, None)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _leaves(one, (*at, index))
    elif isinstance(value, str):
        yield at


def _with(value: Any, at: tuple[Any, ...], word: str) -> Any:
    if not at:
        return word
    first, *rest = at
    if rest == [None]:
        return {word if key == first else key: one for key, one in value.items()}
    if isinstance(value, list):
        return [_with(one, tuple(rest), word) if index == first else one for index, one in enumerate(value)]
    return {key: _with(one, tuple(rest), word) if key == first else one for key, one in value.items()}
