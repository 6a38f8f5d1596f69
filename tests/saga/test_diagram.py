import re

from hypothesis import given, settings

from saga import Saga, step
from saga.compiler import Json, compile_saga
from saga.diagram import mermaid
from saga.model import NEEDED
from tests.saga.arbitrary import AnySaga, act, plan, sagas

COLUMNS = {"story", "back", "aside"}
"""Arrows to and from a column stand for those of its states."""
ARROW = re.compile(r"^ +(\w+) (?:-->|-\.->|-- .+ -->|-\. .+ \.->) (\w+)")


MOVE: AnySaga = Saga(name="Move", plan=plan, steps=(step("Take", do=act, undo=act),))


def arrows(drawn: str) -> set[tuple[str, str]]:
    found = (ARROW.match(line) for line in drawn.splitlines())
    return {(arrow[1], arrow[2]) for arrow in found if arrow}


def leads(states: Json) -> set[tuple[str, str]]:
    """Every way from one state to the next."""
    return {
        (name, holder[key])
        for name, state in states.items()
        for holder in (state, *state.get("Catch", []), *state.get("Choices", []))
        for key in ("Next", "Default")
        if key in holder
    }


@given(sagas())
@settings(max_examples=50)
def test_every_state_is_drawn_and_every_arrow_is_one_of_the_machine(saga: AnySaga) -> None:
    states = compile_saga(saga)["States"]
    drawn = arrows(mermaid(saga))

    single = {arrow for arrow in drawn if not COLUMNS & set(arrow)}

    assert {name for arrow in drawn for name in arrow} - COLUMNS == set(states)
    assert single <= leads(states)


@given(sagas())
@settings(max_examples=50)
def test_where_each_state_goes_back_to_is_drawn(saga: AnySaga) -> None:
    states = compile_saga(saga)["States"]
    drawn = arrows(mermaid(saga))

    for name in saga.story:
        for catch in states[name].get("Catch", []):
            assert "Cancelled" not in catch["ErrorEquals"] or (name, catch["Next"]) in drawn


@given(sagas())
@settings(max_examples=100)
def test_all_that_may_be_the_first_that_is_needed_is_drawn(saga: AnySaga) -> None:
    states = compile_saga(saga)["States"]

    leads_from = {arrow for arrow in leads(states) if arrow[0] == NEEDED}
    assert leads_from == {arrow for arrow in arrows(mermaid(saga)) if arrow[0] == NEEDED}


def test_what_all_states_share_is_drawn_once() -> None:
    from_columns = {arrow for arrow in arrows(mermaid(MOVE)) if COLUMNS & set(arrow)}

    assert from_columns == {
        ("story", "Hold"),
        ("Again", "story"),
        ("Back", "back"),
        ("back", "HoldUndo"),
        ("UndoAgain", "back"),
    }
