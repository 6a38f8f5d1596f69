"""One request before it is sent, and what a gateway makes of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from rehearsal.gateway import proxy_event
from rehearsal.world import CALLER

Json = dict[str, Any]
NO_BODY: Any = object()


@dataclass(frozen=True)
class Asked:
    method: str
    template: str
    """The route's path, `/operations/{operation}`."""
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: Any = NO_BODY
    raw: str | None = None
    """The body's text, where it is not that of `body`: what no JSON library would write."""
    hostile: str = ""
    """What is wrong with it on purpose: where, and which word."""

    @property
    def route(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def text(self) -> str | None:
        if self.raw is not None:
            return self.raw
        return None if self.body is NO_BODY else json.dumps(self.body)

    @property
    def target(self) -> str:
        """Path and query as they go over the wire."""
        path = self.template
        for name, value in self.path.items():
            path = path.replace(f"{{{name}}}", quote(written(value), safe="", errors="replace"))
        pairs = [(name, one) for name, value in self.query.items() for one in listed(value)]
        return f"{path}?{urlencode(pairs, errors='replace')}" if pairs else path

    @property
    def sent_headers(self) -> dict[str, str]:
        """Without what no HTTP client can send: a line's end would be another header."""
        return {
            name: written(value).encode("latin-1", "replace").decode("latin-1") for name, value in self.headers.items()
        }

    def event(self, arn: str = CALLER.principal) -> Json:
        """The proxy event, with the path decoded as API Gateway hands it on."""
        event = proxy_event(self.method, self.target, self.text, headers=self.sent_headers, arn=arn)
        decoded = self.template
        for name, value in self.path.items():
            decoded = decoded.replace(f"{{{name}}}", written(value))
        grouped = {name: [*listed(value)] for name, value in self.query.items()}
        event["path"] = event["requestContext"]["path"] = decoded.encode(errors="replace").decode()
        event["multiValueQueryStringParameters"] = {name: values for name, values in grouped.items() if values} or None
        event["queryStringParameters"] = {name: values[-1] for name, values in grouped.items() if values} or None
        return event


def written(value: Any) -> str:
    """A parameter's value as text."""
    return value if isinstance(value, str) else json.dumps(value)


def listed(value: Any) -> list[str]:
    return [written(one) for one in value] if isinstance(value, list) else [written(value)]
