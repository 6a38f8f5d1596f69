"""What operations cost: the figures that the project promises, and what the page says of them."""

from dataclasses import replace

from rehearsal import costs, scenarios
from rehearsal.costs import CHECK, CREATION, TOGETHER
from rehearsal.crew import SWIFT


def test_a_creation_without_faults_costs_no_more_than_promised() -> None:
    price = costs.fault_free(replace(scenarios.CREATES, manners=SWIFT))

    assert 0 < price.dollars <= CREATION
    assert price.calls >= 15


def test_a_look_of_a_wait_costs_no_more_than_promised_where_several_wait() -> None:
    assert 0 < costs.per_check(TOGETHER) <= CHECK


def test_three_that_wait_at_the_same_time_are_several() -> None:
    assert costs.per_check(3) <= CHECK


def test_who_waits_alone_pays_the_sweep_alone() -> None:
    assert costs.per_check(1) > 3 * costs.per_check(TOGETHER)


def test_the_page_has_a_row_for_every_operation() -> None:
    shown = costs.PAGE.read_text()

    assert [one.name for one in scenarios.named("plain") if f"| `{one.name}` |" not in shown] == []
