"""Amazon States Language, JSONPath dialect: a definition compiled once, to be run any number of times."""

from collections.abc import Callable, Iterator

from .execution import Graph, State
from .fans import Map, Parallel
from .nested import compile_any
from .states import Choice, Definition, Fail, Pass, Succeed, Wait

_COMPILERS: dict[str, Callable[[str, Definition], State]] = {
    "Task": compile_any,
    "Pass": Pass,
    "Choice": Choice,
    "Wait": Wait,
    "Succeed": Succeed,
    "Fail": Fail,
    "Parallel": lambda name, definition: Parallel(name, definition, compile_graph),
    "Map": lambda name, definition: Map(name, definition, compile_graph),
}


class DefinitionError(ValueError):
    """A definition that Step Functions would refuse, or that uses what this interpreter does not know."""


class Machine(Graph):
    """A compiled state machine; a definition that cannot run is a `DefinitionError` now, not later."""

    def __init__(self, definition: Definition) -> None:
        graph = compile_graph(definition)
        super().__init__(graph.start, graph.states, graph.timeout)


def compile_graph(definition: Definition) -> Graph:
    _refuse_other_languages("the machine", definition)
    states = {name: _compiled(name, state) for name, state in definition["States"].items()}
    _refuse_loose_ends(definition)
    return Graph(definition["StartAt"], states, definition.get("TimeoutSeconds"))


def _compiled(name: str, state: Definition) -> State:
    _refuse_other_languages(name, state)
    kind = state.get("Type")
    if kind not in _COMPILERS:
        raise DefinitionError(f"{name}: there is no state of type {kind}")
    try:
        return _COMPILERS[kind](name, state)
    except DefinitionError:
        raise
    except (ValueError, KeyError) as error:
        raise DefinitionError(f"{name}: {error}") from error


def _refuse_other_languages(name: str, owner: Definition) -> None:
    if owner.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise DefinitionError(f"{name}: only JSONPath is supported")


def _refuse_loose_ends(definition: Definition) -> None:
    states = definition["States"]
    if definition["StartAt"] not in states:
        raise DefinitionError(f"StartAt names {definition['StartAt']}, which is no state")
    for name, state in states.items():
        for target in _targets(state):
            if target not in states:
                raise DefinitionError(f"{name} leads to {target}, which is no state")
        if state["Type"] not in ("Choice", "Succeed", "Fail") and bool(state.get("End")) == ("Next" in state):
            raise DefinitionError(f"{name} needs either Next or End")


def _targets(state: Definition) -> Iterator[str]:
    for holder in (state, *state.get("Choices", []), *state.get("Catch", [])):
        if "Next" in holder:
            yield holder["Next"]
    if "Default" in state:
        yield state["Default"]
