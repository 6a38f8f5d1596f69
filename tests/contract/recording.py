"""boto3 clients for the contract suites, and a record of every AWS call an adapter makes."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
recorders: list["Recorder"] = []


@dataclass(eq=False)
class Recorder:
    """The calls of one test, as (service, operation), and what they were given."""

    calls: set[tuple[str, str]] = field(default_factory=set)
    given: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def parameters(self, operation: str) -> dict[str, Any]:
        """Of the last call of that operation."""
        return next(given for name, given in reversed(self.given) if name == operation)


def _record(params: dict[str, Any], model: Any, **_: object) -> None:
    for recorder in recorders:
        recorder.calls.add((model.service_model.service_name, model.name))
        recorder.given.append((model.name, params))


def _session() -> boto3.Session:
    return boto3.Session("testing", "testing", "testing", region_name=REGION)


@cache
def recorded(service: str) -> Any:
    """A client of an adapter: its calls are recorded. One for all tests, since making one is slow."""
    client = _session().client(service, config=Config(retries={"total_max_attempts": 1}))  # type: ignore[call-overload]
    client.meta.events.register("provide-client-params", _record)
    return client


@cache
def seeding(service: str) -> Any:
    """A client of a test, for what stands there already."""
    return _session().client(service)  # type: ignore[call-overload]
