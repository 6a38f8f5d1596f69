"""What a caller may do through the API: each route declares what it needs, and one place decides (`Desk.route`).

What may not be read is not there: it is 404 in the very words of what is not. What may be read but not done is 403.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lambdas import accounts, authority
from lambdas.authority import Asker, Question, Resource, Verdict
from lambdas.engine import rights
from lambdas.engine.intake import Caller, Submission
from lambdas.errors import WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control

if TYPE_CHECKING:
    from lambdas.api.desk import Desk

log = logging.getLogger(__name__)
Arguments = Mapping[str, str]
"""Of a route's path."""


class Forbidden(WindlassError):
    """The caller knows of the thing, and may not do that to it."""

    def __init__(self, sentence: str, resource: Resource) -> None:
        super().__init__(sentence)
        self.resource = resource


@dataclass(frozen=True)
class Needs:
    """What a route's caller has to be allowed."""

    action: str
    of: Callable[["Desk", Arguments], Iterable[Resource]]
    """On what. Raises NotFound for what may not even be read."""


@dataclass(frozen=True)
class Rights:
    """Those of one caller, for one request: each account is read once."""

    hub: Hub
    caller: Caller
    _environments: dict[str, str] = field(default_factory=dict)

    def may(self, action: str, resource: Resource) -> bool:
        return self.verdict(action, resource).allowed

    def must(self, action: str, resource: Resource) -> None:
        """Raises Forbidden, in words that say what to do about it."""
        if self.may(action, resource):
            return
        log.info("denied: %s, %s on %s", self.asker, action, resource)
        raise Forbidden(
            f"{self.asker} may not {action} {resource}: no policy permits it, or one forbids it; "
            f"GET /authorisation?action={action} says which",
            resource,
        )

    def verdict(self, action: str, resource: Resource) -> Verdict:
        return self.hub.authority.judge(Question(self.asker, action, resource, self.hub.now()))

    @property
    def asker(self) -> Asker:
        return Asker(self.caller.principal, self.caller.user)

    def reads(self, row: Control) -> bool:
        """Whether the operation is shown to the caller at all."""
        return self.may("read", self.operation(row))

    def submits(self, one: Submission) -> None:
        """Raises Forbidden, for the operation itself or for what its request insists on."""
        for action, resource in rights.asked(one.saga, one.request, self.environment):
            self.must(action, resource)

    def operation(self, row: Control) -> Resource:
        return authority.operation(
            row.id,
            account=row.account,
            environment=self.environment(row.account),
            region=row.region,
            application=row.application,
            cluster=row.cluster,
        )

    def guard(self, key: str) -> Resource:
        account, region, kind, name = (key.split("/", 3) + [""] * 3)[:4]
        return authority.guard(account, self.environment(account), region, kind, name)

    def account(self, name: str, *, id: str = "", environment: str = "") -> Resource:  # noqa: A002  AWS's own word
        """The account as it stands, and what it is to become."""
        known = accounts.find(self.hub.table, name)
        ids, environments = {id, known.id if known else ""}, {environment, known.environment if known else ""}
        return authority.account(name, ids - {""}, environments - {""})

    def environment(self, account: str) -> str:
        if account not in self._environments:
            self._environments[account] = rights.environment(self.hub, account)
        return self._environments[account]


def of_the_hub(action: str) -> Needs:
    return Needs(action, lambda desk, arguments: [authority.HUB])


def of_the_operation(action: str) -> Needs:
    """Of the one in the path, or of each of the batch."""
    return Needs(action, lambda desk, arguments: [desk.rights.operation(one) for one in desk.admitted(arguments)])


def of_the_guard(action: str) -> Needs:
    return Needs(action, lambda desk, arguments: [desk.rights.guard("/".join(arguments[one] for one in _GUARD))])


def of_the_application(action: str) -> Needs:
    return Needs(action, lambda desk, arguments: [authority.application(arguments["application"])])


def of_the_clusters(action: str) -> Needs:
    def asked(desk: "Desk", arguments: Arguments) -> list[Resource]:
        account = arguments["account"]
        return [authority.clusters(account, desk.rights.environment(account), arguments["application"])]

    return Needs(action, asked)


ONE_BY_ONE = Needs("read", lambda desk, arguments: ())
"""Its body or its list names many things: what it takes, and what it shows, is judged for each of them."""
ANYBODY = Needs("read", lambda desk, arguments: ())
"""It tells nothing of anybody: whoever IAM lets in may have it."""
READ_THE_HUB = of_the_hub("read")
READ_THE_OPERATION = of_the_operation("read")
_GUARD = ("account", "region", "kind", "name")
