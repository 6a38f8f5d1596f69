"""boto3 clients with which the embedded AWS calls itself. One per service and Region, shared by all threads."""

from __future__ import annotations

import functools
import threading
from typing import Any

import boto3
from botocore.config import Config

OWN_CALLS = "embedded"
ENGINE_CALLS = "states"

_clients: dict[tuple[str, str, str, str, str | None], Any] = {}
_lock = threading.Lock()


@functools.cache
def _session() -> boto3.session.Session:
    """One for all: each would read botocore's data on its own, half a second of it."""
    return boto3.session.Session()


class Clients:
    """Calls made through these carry `app` in their User-Agent; those of `embedded` are neither logged nor faulted."""

    def __init__(self, endpoint: str, app: str = OWN_CALLS, account: str | None = None) -> None:
        """`account`: another than the hub's, twelve digits."""
        self._endpoint = endpoint
        self._app = app
        self._account = account

    def within(self, account: str) -> Clients:
        """The same, in that account."""
        return Clients(self._endpoint, self._app, account)

    def get(self, service: str, region: str) -> Any:
        key = (self._endpoint, self._app, service, region, self._account)
        with _lock:  # a session is not safe to create clients from in several threads
            if key not in _clients:
                _clients[key] = self._create(service, region)
            return _clients[key]

    def _create(self, service: str, region: str) -> Any:
        made = _session().client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=self._endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=self._config(),
        )
        if self._account is not None:
            made.meta.events.register("before-call", self._as_there)
        return made

    def _as_there(self, params: dict[str, Any], **_: object) -> None:
        """What moto tells accounts by, where keys do not."""
        params["headers"]["x-moto-account-id"] = self._account

    def _config(self) -> Config:
        options: dict[str, Any] = {
            "user_agent_appid": self._app,
            "retries": {"total_max_attempts": 1},
            "parameter_validation": False,
            "inject_host_prefix": False,
            "max_pool_connections": 100,
            "connect_timeout": 10,
            "read_timeout": 1000,
        }
        return Config(**options)
