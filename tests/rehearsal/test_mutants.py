"""Mutation of the proof: the product broken in one place is noticed; `make mutants` hunts the slow ones too."""

import logging
from collections.abc import Iterator

import pytest

from rehearsal.mutants import MUTANTS, Mutant
from rehearsal.scenarios import RESIZES
from rehearsal.sweep import sweep


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("mutant", [one for one in MUTANTS if one.quick], ids=lambda mutant: mutant.name)
def test_a_broken_product_is_caught_by_its_slice_of_the_sweep(mutant: Mutant) -> None:
    assert mutant.hunted() is not None


def test_a_mutant_breaks_nothing_once_it_is_caught() -> None:
    for mutant in MUTANTS:
        with mutant.at_large():
            pass

    assert sweep(RESIZES, ["before"]).survivors == []


def test_there_are_at_least_fifteen_and_each_has_its_name() -> None:
    assert len({one.name for one in MUTANTS}) == len(MUTANTS) >= 15
