"""Nothing is forgotten: every operation of Clouddriver's has one of ours or a reason, and each of ours all it needs."""

import pytest

from rehearsal import catalogue, scenarios
from rehearsal.catalogue import CLOUDDRIVER, PAGE, Operation
from statemachines import ALL, AnySaga

CLOUDDRIVERS = [one for operations in CLOUDDRIVER.values() for one in operations]


@pytest.mark.parametrize("operation", CLOUDDRIVERS, ids=lambda one: one.name)
def test_an_operation_of_clouddrivers_is_done_or_refused_for_a_reason(operation: Operation) -> None:
    saga = catalogue.found()[operation]

    assert (saga is None) == bool(operation.why_not)


@pytest.mark.parametrize("operation", CLOUDDRIVERS, ids=lambda one: one.name)
def test_every_name_of_it_is_known(operation: Operation) -> None:
    saga = catalogue.found()[operation]

    assert saga is None or set(operation.names) <= saga.request_type.clouddriver_names


def test_no_name_means_two_operations() -> None:
    names = [name for saga in ALL for name in saga.request_type.clouddriver_names]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("saga", ALL, ids=lambda saga: saga.operation)
def test_each_of_ours_is_swept_plainly(saga: AnySaga) -> None:
    assert saga.operation in catalogue.rehearsed(saga)
    assert scenarios.one(saga.operation).operation == saga.operation


@pytest.mark.parametrize("saga", ALL, ids=lambda saga: saga.operation)
def test_each_of_ours_has_tests_that_name_it(saga: AnySaga) -> None:
    assert catalogue.tested(saga)


@pytest.mark.parametrize("saga", ALL, ids=lambda saga: saga.operation)
def test_each_of_ours_puts_back_what_landed_late_or_cannot_be_put_back_at_all(saga: AnySaga) -> None:
    assert saga.left is not None or saga.pivot is not None


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == catalogue.page()
