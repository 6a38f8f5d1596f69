"""Operation types: what each takes, which states its machine has, and how it is put back."""

import sys
from collections.abc import Callable, Iterator
from typing import Any, Literal

from pydantic import Field

from lambdas.api.views import View
from lambdas.engine.ends import FINISH, GIVE_UP, PUT_BACK
from lambdas.engine.holds import HOLD, HOLD_UNDO
from lambdas.engine.tasks import GUARD, LEFT, PLAN, AnySaga
from saga import Step, Wait

Kind = Literal["guard", "plan", "step", "pivot", "wait", "undo", "left", "hold", "close", "end"]
SUCCEEDED, ROLLED_BACK, NEEDS_ATTENTION = "Succeeded", "RolledBack", "NeedsAttention"


class StateView(View):
    """One state of the machine."""

    name: str
    kind: Kind
    does: str
    undo: str | None = Field(default=None, description="The state that takes it back.")
    needs: str | None = Field(
        default=None, description="The plan's list that it works through. Where it is empty, it may be passed by."
    )


class TypeView(View):
    """An operation type."""

    type: str
    does: str
    story: tuple[StateView, ...] = Field(description="From the start to success, in order.")
    back: tuple[StateView, ...] = Field(description="From the last undo to the end of the way back, in order.")
    aside: tuple[StateView, ...] = Field(description="Holds, and where they lead if a person gives up.")
    actions: tuple[str, ...] = Field(description="IAM actions of the modules that the operation uses.")


class TypeAndSchema(TypeView):
    request: dict[str, Any] = Field(description="JSON schema of the request.")


class Types(View):
    types: tuple[TypeView, ...]


def type_of(saga: AnySaga) -> TypeView:
    return TypeView(**_type(saga))


def described(saga: AnySaga) -> TypeAndSchema:
    """The type with the schema of its request."""
    return TypeAndSchema(**_type(saga), request=saga.request_type.model_json_schema(by_alias=True))


def actions_of(saga: AnySaga) -> tuple[str, ...]:
    """What the modules of the operation's functions declare."""
    modules = {sys.modules[one.__module__] for one in _functions(saga)}
    return tuple(sorted({action for module in modules for action in getattr(module, "ACTIONS", ())}))


def sentence(function: Callable[..., Any]) -> str:
    """The first line of its docstring."""
    return (function.__doc__ or function.__name__.replace("_", " ")).strip().splitlines()[0]


def undos(saga: AnySaga) -> Iterator[StateView]:
    """The undo chain in the order in which it runs."""
    return (StateView(name=name, kind="undo", does=sentence(undo)) for name, undo in saga.undo_of.items())


def _type(saga: AnySaga) -> dict[str, Any]:
    return {
        "type": saga.operation,
        "does": sentence(saga.request_type),
        "story": tuple(_story(saga)),
        "back": tuple(_back(saga)),
        "aside": (*_HELD, *_kept(saga), *_GIVEN_UP),
        "actions": actions_of(saga),
    }


def _story(saga: AnySaga) -> Iterator[StateView]:
    if saga.guards is not None:
        yield StateView(name=GUARD, kind="guard", does="Wait until nobody else changes these things.")
    yield StateView(name=PLAN, kind="plan", does=sentence(saga.plan))
    undone_by = {one.name: one.undo_name for one in saga.changes if one.undo is not None}
    for one in saga.steps:
        yield _wait(one) if isinstance(one, Wait) else _step(one, undone_by.get(one.goes_with or one.name))
    yield StateView(name=FINISH, kind="close", does="Close the operation and pass on its guards.")
    yield StateView(name=SUCCEEDED, kind="end", does="The work is done.")


def _wait(wait: Wait[Any, Any]) -> StateView:
    return StateView(name=wait.name, kind="wait", does=sentence(wait.check))


def _step(step: Step[Any, Any], undo: str | None) -> StateView:
    kind: Kind = "pivot" if step.pivot else "step"
    return StateView(name=step.name, kind=kind, does=sentence(step.do), undo=undo, needs=step.needs)


def _back(saga: AnySaga) -> Iterator[StateView]:
    yield from undos(saga)
    if saga.left is not None:
        yield StateView(name=LEFT, kind="left", does=sentence(saga.left))
    yield StateView(name=PUT_BACK, kind="close", does="Close the operation and pass on its guards.")
    yield StateView(name=ROLLED_BACK, kind="end", does="Everything is put back.")


def _kept(saga: AnySaga) -> Iterator[StateView]:
    return (StateView(name=one.name, kind="step", does=sentence(one.do)) for one in saga.kept)


_HELD = (
    StateView(name=HOLD, kind="hold", does="A step cannot go on: paused, or waiting for a decision."),
    StateView(name=HOLD_UNDO, kind="hold", does="An undo cannot go on: waiting for a decision."),
)
_GIVEN_UP = (
    StateView(name=GIVE_UP, kind="close", does="Close the operation with a list of what is left."),
    StateView(name=NEEDS_ATTENTION, kind="end", does="A person is called."),
)


def _functions(saga: AnySaga) -> Iterator[Callable[..., Any]]:
    yield saga.plan
    yield from (one.do for one, undoing in saga.change_of.values() if not undoing)
    yield from saga.undo_of.values()
    yield from (one.check for one in saga.wait_of.values())
    if saga.left is not None:
        yield saga.left
    if saga.evidence is not None:
        yield saga.evidence
