"""What the caller of an operation has to be allowed: when it is accepted, and again before what cannot be put back."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lambdas import accounts, authority
from lambdas.authority import Asker, Question, Resource
from lambdas.engine import control
from lambdas.engine.tasks import AnySaga, Task, request_of
from lambdas.errors import Denied, NotFound
from lambdas.hub import Hub
from lambdas.rows import Control, request_key

if TYPE_CHECKING:
    from lambdas.requests import Request

USER = "user"
"""Attribute of the request's row: the user's whole name, where it is too long for the control row."""


def asked(saga: AnySaga, request: "Request", environment: Callable[[str], str]) -> Iterator[tuple[str, Resource]]:
    """Each action on each resource: in all accounts it acts in, for whoever may own what it acts on."""
    for account in dict.fromkeys(request.accounts.values()):
        for application in dict.fromkeys(request.owners):
            resource = authority.operation(
                saga.operation,
                account=account,
                environment=environment(account),
                region=request.region,
                application=application,
                cluster=request.cluster,
            )
            yield from ((action, resource) for action in (saga.operation, *request.permissions))


def environment(hub: Hub, account: str) -> str:
    """The account's; of one that nobody has opted in none, which no default policy names."""
    found = accounts.find(hub.table, account)
    return found.environment if found else ""


def still_allowed(hub: Hub, task: Task) -> Control:
    """The control row, if whoever asked for the operation might ask for it now. Raises Denied, and as `begin` does.

    What has passed its pivot is not asked again: it has to go forward.
    """
    row = control.read(hub, task.operation)
    if not row.pivoted:
        control.may_go_forward(hub, row, task)
        _judge(hub, task.saga, row)
    return row


def _judge(hub: Hub, saga: AnySaga, row: Control) -> None:
    item = hub.table.get(request_key(row.id))
    if item is None:
        raise NotFound(f"the request of operation {row.id} is gone")
    asker = Asker(row.caller, item.get(USER, row.user))
    for action, resource in asked(saga, request_of(saga, item["request"]), lambda name: environment(hub, name)):
        if not hub.authority.judge(Question(asker, action, resource, hub.now())).allowed:
            raise Denied(
                f"{asker} may no longer {action} in account {resource.attributes['account']}: "
                f"retry, once a policy permits it again, goes on; rollback puts the operation back"
            )
