"""One POST to a receiver: to the address that was looked at, once, and not for long."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import urllib3
from urllib3.exceptions import HTTPError

from lambdas.push.reach import Place, Reach, Resolve, Unreachable, by_dns

CONNECT, READ = 3.0, 5.0
"""Seconds. Who is slower answers first and works afterwards: the courier's function ends after 20."""


@dataclass(frozen=True)
class Answered:
    """How a receiver took it."""

    status: int | None
    """None: it could not be reached."""
    said: str

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """It says that nobody will ever take anything there (Standard Webhooks)."""
        return self.status == 410


class Letters(Protocol):
    def post(self, url: str, body: str, headers: Mapping[str, str]) -> Answered:
        """Whatever goes wrong is an answer."""


@dataclass(frozen=True)
class Https:
    """`Letters` by urllib3, which boto3 brings; no redirect is followed, and nothing of the answer is read."""

    reach: Reach
    resolve: Resolve = by_dns

    def post(self, url: str, body: str, headers: Mapping[str, str]) -> Answered:
        try:
            place = self.reach.place(url, self.resolve)
        except Unreachable as error:
            return Answered(None, str(error))
        try:
            return self._posted(place, body, headers)
        except HTTPError as error:
            return Answered(None, f"{place.authority} did not answer: {type(error).__name__}")

    def _posted(self, place: Place, body: str, headers: Mapping[str, str]) -> Answered:
        with _pool(place) as pool:
            answer = pool.urlopen(
                "POST",
                place.target,
                body=body.encode(),
                headers={**headers, "Host": place.authority, "User-Agent": "Windlass"},
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=CONNECT, read=READ),
                preload_content=False,
            )
            status = int(answer.status)
            answer.close()
        return Answered(status, f"{place.authority} answered {status}")


def _pool(place: Place) -> urllib3.HTTPConnectionPool:
    """Connected to the address; the certificate has to be the host's."""
    if place.scheme == "http":
        return urllib3.HTTPConnectionPool(place.address, place.port)
    return urllib3.HTTPSConnectionPool(
        place.address, place.port, server_hostname=place.host, assert_hostname=place.host, cert_reqs="CERT_REQUIRED"
    )
