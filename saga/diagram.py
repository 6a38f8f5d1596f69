"""Draws a saga's machine in Mermaid: the story as one column, the way back as another, the holds between them."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from saga.compiler import Json, compile_saga
from saga.model import NEEDED, Saga, Step, Wait

_Saga = Saga[Any, Any, Any]


def mermaid(saga: _Saga) -> str:
    """A flowchart of every state. Dotted arrows are failures; what all states of a column share is drawn once."""
    return "\n".join(["flowchart TB", *_lines(saga, compile_saga(saga)["States"])]) + "\n"


def _lines(saga: _Saga, states: Json) -> Iterator[str]:
    way_back = (*saga.way_back(), "RolledBack")
    yield from _column("story", "The story", _story(saga, states))
    yield from _column("back", "The way back", [*_plain(way_back[:-1]), "RolledBack([RolledBack])", *_chain(way_back)])
    yield from _column("person", "A person decides", _person(states))
    yield from _kept(saga)
    yield from ("  " + line for line in _recovery(saga, states))
    yield from ("  " + line for line in _straight_back(saga, states))
    yield from ("  " + line for line in _held(saga, states))


def _column(name: str, title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f'  subgraph {name}["{title}"]'
    yield from (f"    {line}" for line in lines)
    yield "  end"


def _story(saga: _Saga, states: Json) -> Iterator[str]:
    shapes = {"Recovering": "{Recovering}", NEEDED: f"{{{NEEDED}}}", "Succeeded": "([Succeeded])"}
    shapes |= {one.name: _shape(one) for one in saga.steps}
    yield from (name + shapes.get(name, f"[{name}]") for name in saga.story)
    yield from _chain(saga.story)
    if NEEDED in states:
        others = states[NEEDED]["Choices"][1:]  # the first is the next of the chain
        leads_to = (*(rule["Next"] for rule in others), states[NEEDED]["Default"])
        yield from (f"{NEEDED} --> {name}" for name in leads_to)


def _shape(one: Step[Any, Any] | Wait[Any, Any]) -> str:
    if isinstance(one, Wait):
        return f'[/"{one.name}: wait"/]'
    return f'[["{one.name}: the pivot"]]' if one.pivot else f"[{one.name}]"


def _plain(names: Iterable[str]) -> Iterator[str]:
    return (f"{name}[{name}]" for name in names)


def _chain(names: Iterable[str]) -> Iterator[str]:
    return (f"{one} --> {other}" for one, other in pairwise(names))


def _person(states: Json) -> Iterator[str]:
    yield from ("Hold[/Hold/]", "Again{Again}", "Back{Back}")
    yield "Hold -- once more --> Again"
    yield "Hold -. anything else .-> Back"
    if "HoldUndo" in states:
        yield from ("HoldUndo[/HoldUndo/]", "UndoAgain{UndoAgain}")
        yield "HoldUndo -- once more --> UndoAgain"
        yield "HoldUndo -. anything else .-> GiveUp"
    yield from ("GiveUp[GiveUp]", "NeedsAttention([NeedsAttention])")
    yield "Hold -. abandoned .-> GiveUp"
    yield from _chain(("GiveUp", "NeedsAttention"))


def _kept(saga: _Saga) -> Iterator[str]:
    if not saga.kept:
        return
    names = ("Kept", *(one.name for one in saga.kept))
    yield from _column("aside", "Kept, out of the way", [*_plain(names), *_chain(names)])
    yield f"  {names[-1]} --> GiveUp"
    yield "  Hold -. late, and to be kept .-> Kept"
    yield "  aside -. cannot go on .-> HoldUndo"
    yield "  UndoAgain --> aside"
    yield f"  aside -. cancelled .-> {saga.way_back()[0]}"
    yield f"  GiveUp -. cancelled .-> {saga.way_back()[0]}"


def _recovery(saga: _Saga, states: Json) -> Iterator[str]:
    yield "Recovering -. an execution ended abnormally .-> Interrupted[Interrupted]"
    yield f"Interrupted --> {states['Interrupted']['Next']}"
    if saga.left:
        yield "NothingLeft -. something landed late .-> LandedLate[LandedLate]"
        yield f"LandedLate --> {states['LandedLate']['Next']}"


def _straight_back(saga: _Saga, states: Json) -> Iterator[str]:
    """From each state of the story to where the way back begins for it."""
    elsewhere = {"Hold", "GiveUp", "Succeeded"}
    for name in saga.story:
        for catch in states[name].get("Catch", []):
            if catch["Next"] not in elsewhere:
                yield f"{name} -.-> {catch['Next']}"


def _held(saga: _Saga, states: Json) -> Iterator[str]:
    yield "story -. cannot go on .-> Hold"
    yield "Again --> story"
    yield "Back --> back"
    if saga.pivot:
        yield "Back -- from the pivot on --> GiveUp"
    if "HoldUndo" in states:
        yield "back -. an undo cannot go on .-> HoldUndo"
        yield "UndoAgain --> back"
