"""Eureka over its REST operations: https://github.com/Netflix/eureka/wiki/Eureka-REST-operations

An account's row names it: `"plays": {"discovery": "eureka.adapter:Eureka@https://eureka.example.com/v2"}`. Instances
register themselves under their EC2 ids. Taking one out is an override of its status, which deleting it ends.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib import request
from urllib.error import HTTPError

from lambdas.cloud.discovery import UP, Discovery
from windlass import Clients, NotFound, Transient

TIMEOUT = 5.0
"""Seconds for one call: an activity has less than a minute for all of them."""


class Eureka(Discovery):
    def __init__(self, clients: Clients, address: str) -> None:
        self._address = address

    def statuses(self, instances: Sequence[str]) -> dict[str, str]:
        return dict(self._registered(instances))

    def put(self, instance: str, status: str) -> None:
        where = f"/apps/{self._found(instance)['app']}/{instance}/status?value={status}"
        self._call("DELETE" if status == UP else "PUT", where, instance)

    def _registered(self, instances: Sequence[str]) -> Iterator[tuple[str, str]]:
        for one in instances:
            try:
                yield one, self._found(one)["status"]
            except NotFound:
                continue

    def _found(self, instance: str) -> Any:
        return json.loads(self._call("GET", f"/instances/{instance}", instance))["instance"]

    def _call(self, method: str, path: str, instance: str) -> bytes:
        asked = request.Request(self._address + path, method=method, headers={"Accept": "application/json"})
        with _translating(instance), request.urlopen(asked, timeout=TIMEOUT) as answer:
            return bytes(answer.read())


@contextmanager
def _translating(instance: str) -> Iterator[None]:
    """A registry that does not answer may do so in a moment."""
    try:
        yield
    except HTTPError as error:
        if error.code == 404:
            raise NotFound(f"instance {instance} is not registered with Eureka") from None
        raise Transient(f"Eureka answered {error.code} of instance {instance}") from None
    except OSError as error:
        raise Transient(f"Eureka does not answer: {type(error).__name__}") from None
