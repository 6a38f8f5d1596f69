"""The doors: an API that asks IAM who calls, and one that asks for a client certificate, before the same function.

Which of them a request came in by its event's own `requestContext.apiId` says, that only API Gateway writes. What the
other door would go by counts for nothing there, and a header says nothing at either.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from lambdas.api.certificates import Holders, holder_of, holders_in
from lambdas.api.problems import Problem

_ASSUMED = re.compile(r"^arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/.+$")


class Principal(NamedTuple):
    """Whom a door has let in."""

    name: str
    """An ARN, or `certificate:` and a name."""
    is_delegate: bool
    """Whether it may speak for a user."""


@dataclass(frozen=True)
class Doors:
    """The two APIs by their ids (empty: there is none), and who is a delegate at each."""

    iam: str
    mutual_tls: str = ""
    delegates: tuple[str, ...] = ()
    """Of IAM: ARNs, or patterns of them."""
    holders: Holders = field(default_factory=dict)

    @classmethod
    def of(cls, environment: Mapping[str, str], policies: Path) -> "Doors":
        """From `WINDLASS_IAM_API`, `WINDLASS_MUTUAL_TLS_API` and `WINDLASS_DELEGATES` (commas between)."""
        given = environment.get("WINDLASS_DELEGATES", "").split(",")
        return cls(
            environment.get("WINDLASS_IAM_API", ""),
            environment.get("WINDLASS_MUTUAL_TLS_API", ""),
            tuple(filter(None, map(str.strip, given))),
            holders_in(policies),
        )

    def principal(self, event: Mapping[str, Any], now: Callable[[], float]) -> Principal:
        """Who calls. Raises Problem for nobody, and for whoever comes by no door of ours."""
        context = event.get("requestContext") or {}
        identity = context.get("identity") or {}
        match context.get("apiId") or None:
            case self.iam:
                return self._signed(identity)
            case self.mutual_tls:
                holder = holder_of(identity.get("clientCert"), self.holders, now())
                return Principal(holder.principal, holder.delegate)
        raise Problem(403, f"API {context.get('apiId')} is no door of Windlass; call one that its stack has made")

    def _signed(self, identity: Mapping[str, Any]) -> Principal:
        arn = identity.get("userArn")
        if not arn:
            raise Problem(403, "the request carries no identity; sign it with AWS credentials")
        principal = _role(arn)
        return Principal(principal, any(fnmatchcase(principal, one) for one in self.delegates))


def _role(arn: str) -> str:
    """A role's sessions are one principal: a retry may come from another session, and its key must still be known."""
    found = _ASSUMED.match(arn)
    return f"arn:{found['partition']}:iam::{found['account']}:role/{found['role']}" if found else arn
