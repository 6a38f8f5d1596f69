"""A protected cluster's last healthy group stays in service: judged by the step that acts, and by no two at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lambdas.accounts import Protected
from lambdas.activities import capacity, load_balancers, processes, retirement, traffic_guard
from lambdas.cloud import EMPTY, Capacity, Cloud, Departures
from lambdas.errors import Conflict, Rejected
from lambdas.requests.destroy_server_group import DestroyServerGroup
from lambdas.requests.disable_server_group import DisableServerGroup
from lambdas.requests.enable_server_group import EnableServerGroup
from lambdas.requests.resize_server_group import ResizeServerGroup
from lambdas.rows import Control, Status, control_key, item_of
from lambdas.table import Put
from rehearsal.fake_cloud import seeds
from statemachines.destroy_server_group import DESTROY_SERVER_GROUP
from statemachines.disable_server_group import DISABLE_SERVER_GROUP
from statemachines.enable_server_group import ENABLE_SERVER_GROUP
from statemachines.resize_server_group import RESIZE_SERVER_GROUP
from tests.activities.walk import SOURCE, TARGETS, World, back, forward

OTHER = "shop-prod-v002"
REFUSED = (
    "cluster shop-prod in us-east-1 is protected and would have nothing in traffic without shop-prod-v001: {}; "
    "enable another group first, or ask with overrideTrafficGuard"
)


@pytest.fixture
def world() -> World:
    """`shop-prod-v001` alone in a protected cluster; a group of another cluster serves beside it."""
    made = World()
    made.protect()
    seeds.neighbour(made.place, "shop-prod-eu-v001")
    return made


def planned(world: World, saga: Any, request: Any, cloud: Cloud | None = None, **fields: Any) -> Any:
    body = {"account": "prod", "region": "us-east-1", "serverGroupName": SOURCE}
    return saga.plan(request.of_windlass(body | fields), cloud or world.cloud)


def disabling(world: World, **fields: Any) -> Any:
    return planned(world, DISABLE_SERVER_GROUP, DisableServerGroup, **fields)


def destroying(world: World, **fields: Any) -> Any:
    return planned(world, DESTROY_SERVER_GROUP, DestroyServerGroup, **fields)


def emptying(world: World, **fields: Any) -> Any:
    return planned(world, RESIZE_SERVER_GROUP, ResizeServerGroup, capacity={"min": 0, "desired": 0, "max": 0}, **fields)


STEPS: list[tuple[Callable[..., Any], Callable[[Any, Cloud], str]]] = [
    (disabling, processes.stand_down),
    (disabling, load_balancers.take_out_of_load_balancers),
    (disabling, load_balancers.take_out_of_target_groups),
    (destroying, processes.stand_down),
    (destroying, load_balancers.take_out_of_load_balancers),
    (destroying, load_balancers.take_out_of_target_groups),
    (destroying, retirement.delete),
    (emptying, capacity.resize),
]
each_step = pytest.mark.parametrize(("plan", "act"), STEPS, ids=lambda one: str(one.__name__))


PLACE = ("prod", "us-east-1", "shop", "shop-prod")


def ended(world: World, operation: str, status: Status) -> None:
    row = Control(operation, "DisableServerGroup", status, 1, *PLACE, "", "", 0.0, 0.0)
    world.fake.table.write(Put(control_key(operation), item_of(replace(row, closed=world.clock.now))))


def departs(world: World, operation: str, status: Status = Status.RUNNING) -> None:
    """Another operation is taking the other group out."""
    cloud = world.fake.cloud("prod", "us-east-1", operation)
    cloud.clusters.depart(OTHER, cloud.clusters.departures(OTHER))
    ended(world, operation, status)


@each_step
def test_the_last_group_stays_whatever_was_so_when_it_was_planned(world: World, plan: Any, act: Any) -> None:
    seeds.neighbour(world.place, OTHER)
    made = plan(world)
    world.place.forget_group(OTHER)

    with pytest.raises(Rejected) as refused:
        act(made, world.cloud)

    assert str(refused.value) == REFUSED.format("it has no other group")
    assert world.fake.deeds == []


@each_step
def test_one_of_two_may_go(world: World, plan: Any, act: Any) -> None:
    seeds.neighbour(world.place, OTHER)

    assert "overridden" not in act(plan(world), world.cloud)

    assert world.fake.deeds != []


@each_step
def test_a_request_may_say_so_and_it_is_told(world: World, plan: Any, act: Any) -> None:
    said = act(plan(world, overrideTrafficGuard=True), world.cloud)

    assert said.endswith("; the traffic guard of cluster shop-prod was overridden, as asked")
    assert dict(world.cloud.clusters.departures(SOURCE).groups) == {SOURCE: "op1"}


@each_step
def test_what_is_not_protected_goes(plan: Any, act: Any) -> None:
    world = World()

    act(plan(world), world.cloud)

    assert world.cloud.clusters.departures(SOURCE) == Departures(0, ())


# What keeps a cluster in service.


def _deleting(world: World) -> None:
    world.place.group_is(OTHER, deleting=True)


def _out(world: World) -> None:
    world.cloud.load_balancers.deregister(TARGETS, [one.id for one in world.cloud.groups.find(OTHER).instances])


def _starting(world: World) -> None:
    waiting = tuple(replace(one, lifecycle="Pending") for one in world.cloud.groups.find(OTHER).instances)
    world.place.group_is(OTHER, instances=waiting)


def _unbalanced_and_disabled(world: World) -> None:
    settings = replace(world.cloud.groups.find(OTHER).settings, target_groups=(), load_balancers=())
    world.place.group_is(OTHER, settings=settings, suspended=frozenset({"AddToLoadBalancer"}))


def _being_made(world: World) -> None:
    settings = replace(world.cloud.groups.find(OTHER).settings, tags=(("windlass:operation", "op2"),))
    world.place.group_is(OTHER, settings=settings)
    ended(world, "op2", Status.RUNNING)


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (_deleting, f"{OTHER} is being deleted"),
        (_out, f"{OTHER} has 0 of 2 instances healthy in traffic"),
        (_starting, f"{OTHER} has 0 of 2 instances healthy in traffic"),
        (_unbalanced_and_disabled, f"{OTHER} has 0 of 2 instances healthy in traffic"),
        (_being_made, f"{OTHER} is being set up by operation op2, which may delete it again"),
        (lambda world: departs(world, "op2"), f"{OTHER} is taken out by operation op2"),
    ],
)
def test_a_sibling_that_is_not_surely_in_traffic_does_not_count(
    world: World, happens: Callable[[World], None], said: str
) -> None:
    seeds.neighbour(world.place, OTHER)
    happens(world)

    with pytest.raises(Rejected) as refused:
        processes.stand_down(disabling(world), world.cloud)

    assert str(refused.value) == REFUSED.format(said)


def test_a_sibling_behind_no_load_balancer_counts_unless_it_is_disabled(world: World) -> None:
    seeds.neighbour(world.place, OTHER, balanced=False)

    processes.stand_down(disabling(world), world.cloud)


def test_what_takes_no_traffic_may_go(world: World) -> None:
    _out_of(world, SOURCE)

    processes.stand_down(disabling(world), world.cloud)
    retirement.delete(destroying(world), world.cloud)


def _out_of(world: World, group: str) -> None:
    instances = [one.id for one in world.cloud.groups.find(group).instances]
    world.cloud.load_balancers.deregister(TARGETS, instances)
    world.cloud.load_balancers.deregister_classic(seeds.CLASSIC, instances)


def test_what_is_left_in_one_of_two_load_balancers_is_in_traffic(world: World) -> None:
    world.place.classics.clear()

    with pytest.raises(Rejected):
        processes.stand_down(disabling(world), world.cloud)


def test_a_part_may_go_but_not_the_last_instance(world: World) -> None:
    forward(DISABLE_SERVER_GROUP, disabling(world, desiredPercentage=50), world.cloud)

    with pytest.raises(Rejected, match="would have nothing in traffic without shop-prod-v001"):
        processes.stand_down(disabling(world, desiredPercentage=99), world.cloud)


def test_a_group_that_is_not_emptied_may_shrink(world: World) -> None:
    plan = planned(world, RESIZE_SERVER_GROUP, ResizeServerGroup, capacity={"desired": 1})

    assert capacity.resize(plan, world.cloud) == "resized shop-prod-v001 from 1/2/3 to 1/1/3"


# Undos that would take the last one out: a person is asked.


def test_an_undo_does_not_take_out_what_became_the_last_group(world: World) -> None:
    _out_of(world, SOURCE)
    plan = planned(world, ENABLE_SERVER_GROUP, EnableServerGroup)
    forward(ENABLE_SERVER_GROUP, plan, world.cloud)

    with pytest.raises(Rejected, match="would have nothing in traffic"):
        back(ENABLE_SERVER_GROUP, plan, world.cloud)


def test_nor_does_it_empty_it(world: World) -> None:
    world.place.group_is(SOURCE, capacity=EMPTY)
    plan = planned(world, RESIZE_SERVER_GROUP, ResizeServerGroup, capacity={"min": 2, "desired": 2, "max": 2})
    capacity.resize(plan, world.cloud)

    with pytest.raises(Rejected, match="would have nothing in traffic"):
        capacity.restore(plan, world.cloud)


# A second attempt.


def test_a_step_that_died_half_way_is_judged_as_if_it_had_not_begun(world: World) -> None:
    seeds.neighbour(world.place, OTHER)
    plan = disabling(world)
    forward(DISABLE_SERVER_GROUP, plan, world.cloud)
    forward(DISABLE_SERVER_GROUP, plan, world.cloud)
    world.place.forget_group(OTHER)

    with pytest.raises(Rejected, match="it has no other group"):
        load_balancers.take_out_of_target_groups(plan, world.cloud)


# Two at once.


@pytest.mark.parametrize("over", [False, True], ids=["at work", "over"])
@pytest.mark.parametrize("at", range(20))
def test_of_two_that_count_on_each_other_one_gets_through_wherever_the_other_comes_in(
    world: World, at: int, over: bool
) -> None:
    seeds.neighbour(world.place, OTHER)
    ended(world, "op1", Status.RUNNING)
    ended(world, "op2", Status.RUNNING)
    theirs = world.fake.cloud("prod", "us-east-1", "op2")
    second = planned(world, DISABLE_SERVER_GROUP, DisableServerGroup, theirs, serverGroupName=OTHER)
    first = disabling(world)
    through = []

    def other() -> None:
        through.append(_gets_through(lambda: forward(DISABLE_SERVER_GROUP, second, theirs)))
        if over:
            ended(world, "op2", Status.SUCCEEDED)
            world.clock.drain(600)

    through.append(_gets_through(lambda: forward(DISABLE_SERVER_GROUP, first, interrupted(world.cloud, at, other))))
    if len(through) == 1:
        other()

    assert through.count(True) == 1
    behind = {one.instance for one in world.cloud.load_balancers.target_health(TARGETS)}
    left = {name for name in (SOURCE, OTHER) if behind & {one.id for one in world.cloud.groups.find(name).instances}}
    assert len(left) == 1


def _gets_through(act: Callable[[], object]) -> bool:
    for _ in range(3):
        try:
            act()
        except Conflict:
            continue
        except Rejected:
            return False
        return True
    raise AssertionError("conflicts for ever")


def interrupted(cloud: Cloud, at: int, do: Callable[[], None]) -> Cloud:
    """The same cloud; somebody else acts just before its call of that number."""
    calls = iter(range(1_000_000))

    def before() -> None:
        if next(calls) == at:
            do()

    ports: Any = {name: _Before(getattr(cloud, name), before) for name in ("groups", "load_balancers", "clusters")}
    return replace(cloud, **ports)


class _Before:
    def __init__(self, port: Any, before: Callable[[], None]) -> None:
        self._port, self._before = port, before

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def called(*given: Any) -> Any:
            self._before()
            return method(*given)

        return called


@pytest.mark.parametrize(
    ("status", "counts", "settled"),
    [
        (Status.RUNNING, True, True),
        (Status.UNDOING, True, True),
        (Status.SUCCEEDED, True, False),
        (Status.NEEDS_ATTENTION, True, False),
        (Status.ROLLED_BACK, False, False),
        (Status.NOT_STARTED, False, False),
    ],
)
def test_a_departure_counts_until_its_operation_is_over_and_reads_show_it(
    world: World, status: Status, counts: bool, settled: bool
) -> None:
    departs(world, "op2", status)
    clusters = world.cloud.clusters

    assert bool(clusters.departures(SOURCE).groups) is counts
    world.clock.drain(91)
    assert bool(clusters.departures(SOURCE).groups) is settled


def test_who_departs_forgets_those_that_are_over(world: World) -> None:
    departs(world, "op2", Status.ROLLED_BACK)
    clusters = world.cloud.clusters

    clusters.depart(SOURCE, clusters.departures(SOURCE))
    clusters.depart(SOURCE, clusters.departures(SOURCE))

    assert clusters.departures(SOURCE) == Departures(2, ((SOURCE, "op1"),))


def test_whoever_has_looked_before_another_departed_looks_again(world: World) -> None:
    seen = world.cloud.clusters.departures(SOURCE)
    departs(world, "op2")

    with pytest.raises(Conflict, match="another operation takes a group out of cluster shop-prod just now"):
        world.cloud.clusters.depart(SOURCE, seen)


# Which clusters are protected.


PATTERNS = [
    (Protected("shop"), "shop-v001", True),
    (Protected("shop"), "shop-prod-blue-v001", True),
    (Protected("shop"), "shopping-v001", False),
    (Protected("*", "prod"), "cart-prod-v001", True),
    (Protected("shop", "prod", ""), "shop-prod-blue-v001", False),
    (Protected("shop", "prod", ""), "shop-prod", True),
    (Protected("shop", "", "*"), "shop--blue-v001", True),
    (Protected("shop", region="eu-*"), "shop-v001", False),
]


@pytest.mark.parametrize(("protected", "group", "covered"), PATTERNS)
def test_a_pattern_covers_clusters_as_spinnakers_do(protected: Protected, group: str, covered: bool) -> None:
    assert protected.covers(group, "us-east-1") is covered


def test_all_of_a_groups_instances_go_where_nothing_else_is_said(world: World) -> None:
    found = world.cloud.groups.find(SOURCE)

    assert len(traffic_guard.everything(found)) == found.capacity.desired == Capacity(1, 2, 3).desired
