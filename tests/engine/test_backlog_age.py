"""How late the oldest start is, as a metric."""

import pytest

from lambdas.engine.intake import START_CHECK
from rehearsal.faults import KINDS
from tests.engine.test_backlog import ONE, crowd, sweep


def test_the_backlog_is_as_old_as_its_oldest_start_is_late() -> None:
    world = crowd((ONE, 2))
    world.faults.models.append(lambda call: KINDS["before"] if call.name == "machines.start" else None)
    world.clock.now += 400

    assert sweep(world).age == pytest.approx(400, abs=START_CHECK)
    assert world.metrics[-1]["BacklogAge"] == pytest.approx(400, abs=START_CHECK)


def test_a_backlog_that_is_drained_has_no_age() -> None:
    assert sweep(crowd((ONE, 2))).age == 0
