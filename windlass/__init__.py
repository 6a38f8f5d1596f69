"""Windlass for whoever builds on it: the construct, the catalogue, and the language in which operations are written.

    from windlass import Windlass, aws
    Windlass(app, operations=[*aws, MY_SAGA])

Names are looked up at their first use: on Lambda an operation that imports its words from here brings no CDK along.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambdas.accounts import Account as Account
    from lambdas.activities import restoring as restoring
    from lambdas.cloud import OPERATION_TAG as OPERATION_TAG
    from lambdas.cloud import Capacity as Capacity
    from lambdas.cloud import Cloud as Cloud
    from lambdas.error_codes import translating as translating
    from lambdas.errors import AlreadyExists as AlreadyExists
    from lambdas.errors import Conflict as Conflict
    from lambdas.errors import NotFound as NotFound
    from lambdas.errors import Rejected as Rejected
    from lambdas.errors import RollBack as RollBack
    from lambdas.errors import Transient as Transient
    from lambdas.nouns import Clients as Clients
    from lambdas.nouns import Noun as Noun
    from lambdas.nouns import changes as changes
    from lambdas.nouns import reads as reads
    from lambdas.requests import OfOneServerGroup as OfOneServerGroup
    from lambdas.requests import Request as Request
    from lambdas.requests import guards_of_one as guards_of_one
    from lambdas.requests.of_things import OfOneThing as OfOneThing
    from lambdas.requests.of_things import guards_of_thing as guards_of_thing
    from saga import Saga as Saga
    from saga import removed as removed
    from saga import step as step
    from saga import wait_until as wait_until
    from stacks.windlass import Windlass as Windlass
    from statemachines import AnySaga

    aws: tuple[AnySaga, ...]

_WHERE = {
    "Account": "lambdas.accounts",
    "restoring": "lambdas.activities",
    "OPERATION_TAG": "lambdas.cloud",
    "Capacity": "lambdas.cloud",
    "Cloud": "lambdas.cloud",
    "translating": "lambdas.error_codes",
    "AlreadyExists": "lambdas.errors",
    "Conflict": "lambdas.errors",
    "NotFound": "lambdas.errors",
    "Rejected": "lambdas.errors",
    "RollBack": "lambdas.errors",
    "Transient": "lambdas.errors",
    "Clients": "lambdas.nouns",
    "Noun": "lambdas.nouns",
    "changes": "lambdas.nouns",
    "reads": "lambdas.nouns",
    "OfOneServerGroup": "lambdas.requests",
    "Request": "lambdas.requests",
    "guards_of_one": "lambdas.requests",
    "OfOneThing": "lambdas.requests.of_things",
    "guards_of_thing": "lambdas.requests.of_things",
    "Saga": "saga",
    "removed": "saga",
    "step": "saga",
    "wait_until": "saga",
    "Windlass": "stacks.windlass",
    "aws": "statemachines",
}
_CALLED = {"aws": "ALL"}

__all__ = sorted(_WHERE)  # noqa: PLE0605  names are found by `__getattr__`


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"windlass has no {name!r}; it has {', '.join(__all__)}")
    module = import_module(_WHERE[name])
    found = getattr(module, _CALLED.get(name, name), None)
    return found if found is not None else import_module(f"{_WHERE[name]}.{name}")
