"""What an operation that called a person has left undone, where not every step was entered."""

from lambdas.engine.finishing import remaining
from lambdas.rows import Control, Step
from lambdas.values import changed
from rehearsal.scenarios import CREATES
from saga import Saga, step
from tests.saga.arbitrary import AnySaga, act, plan

KILLS: AnySaga = Saga(
    name="Kill",
    plan=plan,
    steps=(
        step("Mark", do=act, undo=act),
        step("Hook", do=act, undo=act, needs="hooks"),
        step("Size", do=act, goes_with="Mark"),
        step("Kill", do=act, pivot=True),
        step("Forget", do=act),
    ),
)


def row(*, pivoted: bool) -> Control:
    world = CREATES.world()
    return changed(world.control(world.submit(CREATES.operation, CREATES.request)), pivoted=pivoted)


def journal(*names: str) -> dict[str, Step]:
    return {name: Step(name, did="did it") for name in names}


def test_past_the_pivot_what_was_passed_by_before_it_is_not_left_to_do() -> None:
    assert remaining(KILLS, row(pivoted=True), journal("Mark", "Size", "Kill")) == ("Forget",)


def test_before_the_pivot_what_was_passed_by_has_nothing_to_be_undone() -> None:
    assert remaining(KILLS, row(pivoted=False), journal("Mark", "Size")) == ("UndoMark",)
    assert remaining(KILLS, row(pivoted=False), journal("Mark", "Hook", "Size")) == ("UndoHook", "UndoMark")
