from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given

from saga import Saga, Wait, removed, step, wait_until
from saga.rules import BadSaga, faults, forgotten
from saga.rules import check as checked
from tests.saga.arbitrary import AnySaga, act, check, late, plan, sagas

HOUR = timedelta(hours=1)
GROUP = step("Group", do=act, undo=act)
KILL = step("Kill", do=act, pivot=True)
HOOKS = step("Hooks", do=act, goes_with="Group", needs="hooks")
POLICIES = step("Policies", do=act, goes_with="Group", needs="policies")
WAIT = wait_until("One", check=check, within=HOUR)
ASIDE = step("Aside", do=act)
THEN = date(2026, 12, 1)
UNDONE = wait_until("Settled", check=check, within=HOUR, cloud_undoes=True)


def saga(*steps: Any, **more: Any) -> AnySaga:
    return Saga(name="MakeThing", plan=plan, steps=steps, **more)


@given(sagas())
def test_a_good_saga_has_no_faults(good: AnySaga) -> None:
    checked(good)


BAD = {
    "no undo": (
        saga(step("Group", do=act)),
        "Group changes something and stands before any pivot; give it undo=, goes_with= or pivot=True",
    ),
    "no undo before the pivot": (
        saga(step("Group", do=act), KILL),
        "Group changes something and stands before any pivot; give it undo=, goes_with= or pivot=True",
    ),
    "an undo at the pivot": (
        saga(GROUP, step("Kill", do=act, undo=act, pivot=True)),
        "Kill has an undo, but nothing is put back from the pivot Kill on; take it away",
    ),
    "an undo after the pivot": (
        saga(KILL, GROUP),
        "Group has an undo, but nothing is put back from the pivot Kill on; take it away",
    ),
    "a companion after the pivot": (
        saga(GROUP, KILL, step("Size", do=act, goes_with="Group")),
        "Size has an undo, but nothing is put back from the pivot Kill on; take it away",
    ),
    "two pivots": (
        saga(KILL, step("KillMore", do=act, pivot=True)),
        "has 2 pivots, Kill, KillMore; only the first thing that cannot be put back is one",
    ),
    "a name twice": (
        saga(GROUP, wait_until("Group", check=check, within=HOUR)),
        "Group stands 2 times; give each step and wait a name of its own",
    ),
    "a badly cased name": (
        saga(step("create_group", do=act, undo=act)),
        "'create_group' is not a name like CreateServerGroup: letters and digits, beginning with a capital",
    ),
    "a badly cased saga": (
        replace(saga(GROUP), name="makeThing"),
        "'makeThing' is not a name like CreateServerGroup: letters and digits, beginning with a capital",
    ),
    "a name too long": (
        saga(step("A" * 77, do=act, undo=act)),
        f"{'A' * 77} has 77 characters; at most 76 are possible",
    ),
    "a compiler's name": (
        saga(step("Hold", do=act, undo=act)),
        "Hold is a name that the compiler uses itself; choose another",
    ),
    "an undo's name": (
        saga(GROUP, step("UndoGroup", do=act, undo=act)),
        "UndoGroup is a name that the compiler uses itself; choose another",
    ),
    "going with a stranger": (
        saga(GROUP, step("Size", do=act, goes_with="Template")),
        "Size goes with Template, which is no earlier step with an undo",
    ),
    "going with a later step": (
        saga(step("Size", do=act, goes_with="Group"), GROUP),
        "Size goes with Group, which is no earlier step with an undo",
    ),
    "going with a companion": (
        saga(GROUP, step("Size", do=act, goes_with="Group"), step("More", do=act, goes_with="Size")),
        "More goes with Size, which is no earlier step with an undo",
    ),
    "taken back twice": (
        saga(GROUP, step("Size", do=act, undo=act, goes_with="Group")),
        "Size has undo= and goes_with=; one of them is enough",
    ),
    "waits too long": (
        saga(GROUP, *(wait_until(name, check=check, within=HOUR) for name in ("One", "Two")), finish_by=1.5 * HOUR),
        "waits may take 2:00:00 together, longer than finish_by=1:30:00",
    ),
    "no time to wait": (
        saga(GROUP, wait_until("One", check=check, within=timedelta())),
        "One waits 0:00:00; give it some time",
    ),
    "within more than at most": (
        saga(GROUP, Wait("One", check, within=2 * HOUR, at_most=HOUR)),
        "One waits 2:00:00, longer than its at_most=1:00:00",
    ),
    "too many states": (
        saga(GROUP, transitions=4),
        "a run without faults enters 5 states, more than the declared transitions=4",
    ),
    "left without undo": (
        saga(KILL, left=check),
        "left= looks for what an undo has to take back, but no step has an undo",
    ),
    "keeping what has an undo": (
        saga(GROUP, WAIT, late=late, kept=(step("Aside", do=act, undo=act),)),
        "Aside puts out of the way what is kept: nothing takes that back; give it do= alone",
    ),
    "keeping from a pivot on": (
        saga(GROUP, WAIT, KILL, late=late, kept=(ASIDE,)),
        "kept= stands for putting back, but from the pivot Kill on nothing is put back",
    ),
    "keeping what is never late": (
        saga(GROUP, WAIT, kept=(ASIDE,)),
        "kept= is for a wait that is late: give it a wait, and late=",
    ),
    "keeping what nothing puts back": (
        saga(WAIT, late=late, kept=(ASIDE,)),
        "kept= stands for putting back, but no step has an undo",
    ),
    "a kept step's name": (
        saga(GROUP, WAIT, late=late, kept=(step("Group", do=act),)),
        "Group stands 2 times; give each step and wait a name of its own",
    ),
    "a removed step nowhere": (
        saga(GROUP, removed=(removed(ASIDE, after="Gone", on=THEN),)),
        "removed Aside stood after Gone, which is no step or wait; name the one before it, or ''",
    ),
    "a removed step without its undo": (
        saga(GROUP, removed=(removed(ASIDE, after="Group", on=THEN),)),
        "removed Aside has lost its undo; keep it as it was, with undo= or goes_with=, for 30 days",
    ),
    "a removed step with an undo after the pivot": (
        saga(KILL, removed=(removed(GROUP, after="Kill", on=THEN),)),
        "removed Group has an undo, but nothing is put back from the pivot on; take it away",
    ),
    "a removed step's name": (
        saga(GROUP, removed=(removed(GROUP, after="", on=THEN),)),
        "Group stands 2 times; give each step and wait a name of its own",
    ),
    "undone by the cloud before a pivot": (
        saga(GROUP, UNDONE, KILL),
        "Settled says cloud_undoes=, but no pivot stands before it; give the step an undo instead",
    ),
    "undone by the cloud without a pivot": (
        saga(GROUP, UNDONE),
        "Settled says cloud_undoes=, but no pivot stands before it; give the step an undo instead",
    ),
    "undone by the cloud after another step": (
        saga(KILL, ASIDE, UNDONE),
        "Settled says cloud_undoes=, but that would leave what Aside did; put the wait before it",
    ),
    "a list that the plan has not": (
        saga(GROUP, step("Hooks", do=act, goes_with="Group", needs="hook")),
        "Hooks needs 'hook', which is no list of Plan; name one",
    ),
    "what is no list": (
        saga(GROUP, step("Hooks", do=act, goes_with="Group", needs="source")),
        "Hooks needs 'source', which is no list of Plan; name one",
    ),
    "no name of a list": (
        saga(GROUP, step("Hooks", do=act, goes_with="Group", needs="")),
        "Hooks needs '', which is no list of Plan; name one",
    ),
    "to go with what is passed by": (
        saga(step("Hooks", do=act, undo=act, needs="hooks"), step("Size", do=act, goes_with="Hooks")),
        "Size goes with Hooks, which may be passed by; give it undo=, or another to go with",
    ),
    "passed by here and there": (
        saga(GROUP, HOOKS, step("Size", do=act, goes_with="Group"), POLICIES),
        "Hooks, Policies say needs= and stand apart; put them side by side",
    ),
    "passed by and then the pivot": (
        saga(GROUP, HOOKS, KILL),
        "Hooks says needs= at the pivot Kill or beyond; put another step or wait between them",
    ),
    "the pivot passed by": (
        saga(GROUP, step("Kill", do=act, pivot=True, needs="hooks")),
        "Kill says needs= at the pivot Kill or beyond; put another step or wait between them",
    ),
    "passed by what is kept": (
        saga(GROUP, WAIT, late=late, kept=(step("Aside", do=act, needs="hooks"),)),
        "Aside puts out of the way what is kept: nothing takes that back; give it do= alone",
    ),
    "nothing to do": (
        saga(),
        "has no steps; give it at least one",
    ),
}


@pytest.mark.parametrize("which", BAD)
def test_a_bad_saga_is_refused_in_words(which: str) -> None:
    bad, sentence = BAD[which]

    assert list(faults(bad)) == [sentence]


def test_every_fault_is_named_at_once() -> None:
    bad = saga(step("Group", do=act), step("Plan", do=act, undo=act))

    with pytest.raises(BadSaga) as refused:
        checked(bad)

    assert str(refused.value).splitlines() == ["saga MakeThing:", *(f"- {fault}" for fault in faults(bad))]
    assert len(list(faults(bad))) == 2


def test_what_an_earlier_machine_enters_has_to_stay_known() -> None:
    before = saga(GROUP, step("Size", do=act, undo=act), WAIT)
    entered = {*before.change_of, *before.wait_of, "Guard", "Plan", "Hold", "Finish"}

    assert list(forgotten(before, entered)) == []
    assert [one.split(",")[0] for one in forgotten(saga(GROUP), entered)] == ["One", "Size", "UndoSize"]
    kept = (removed(before.steps[1], after="Group", on=THEN), removed(WAIT, after="Group", on=THEN))
    assert list(forgotten(saga(GROUP, removed=kept), entered)) == []
