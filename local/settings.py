"""What can be set on the embedded AWS, with the values it has when nothing is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ACCOUNT = "123456789012"
OTHER_ACCOUNT = "222222222222"
"""A target account, whose events the hub takes; in it is whatever somebody makes."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    port: int
    api_port: int | None = None
    domain_port: int | None = None
    """Of the custom domain names, over TLS; not served without it."""
    api_host: str = "127.0.0.1"
    region: str = "us-east-1"
    healthy_after: timedelta = timedelta(seconds=2)
    """From the launch of an instance until it is in service, and from its registration until a target is healthy."""
    deleted_after: timedelta = timedelta(seconds=1)
    """How long a group that is force-deleted is still described, as `Delete in progress`."""
    short_of: frozenset[str] = frozenset({"p5.48xlarge"})
    """Instance types, or `type/zone`, of which EC2 has none."""
    workers_per_function: int = 4
    """Concurrent executions of one function version; further invocations wait for a free process."""
    async_retry_delays: tuple[timedelta, ...] = (timedelta(seconds=1), timedelta(seconds=2))
    """Lambda itself retries an asynchronous invocation after one and two minutes."""
    minute: timedelta = timedelta(minutes=1)
    """How long a minute of a `rate(…)` expression takes."""
    log_folder: Path | None = None
    """Where each function's log is written too, one file per function."""

    @property
    def endpoint(self) -> str:
        # `localhost`, not 127.0.0.1: moto reads a path-style bucket from the URL only where the host is that word.
        return f"http://localhost:{self.port}"
