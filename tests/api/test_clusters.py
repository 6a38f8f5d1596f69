"""GET /clusters: groups as they were read last, who works on them now, how old it is, and what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lambdas import reader
from lambdas.cloud import Capacity, Cloud
from lambdas.errors import Throttled, Transient, WindlassError
from lambdas.rows import Status
from rehearsal.clock import Clock
from rehearsal.fake_cloud import PROMPT, FakeCloud, seeds
from rehearsal.fake_cloud.place import Place
from rehearsal.gateway import Answered
from tests.api.http_door import CALLER, Door, new_door

EAST, WEST = "us-east-1", "us-west-1"
GROUP, OLD, OTHER = "shop-prod-v002", "shop-prod-v001", "shop-test-blue-v007"
ARN = seeds.target_group(EAST)
RESIZE: dict[str, Any] = {"account": "test", "region": EAST, "serverGroupName": GROUP, "capacity": {"min": 1}}


@dataclass
class Seeing:
    """A door on a hub whose Reader sees a fake cloud, a second after it was asked."""

    door: Door
    fake: FakeCloud
    fails: WindlassError | None = None
    """What its clouds answer."""

    @property
    def now(self) -> float:
        return self.fake.clock.now

    def east(self) -> Place:
        return self.fake.place("test", EAST)

    def get(self, query: str = "", path: str = "test/shop") -> Answered:
        return self.door.get(f"/clusters/{path}{query}")

    def asked(self) -> list[Any]:
        """What the Reader was asked for since."""
        found = [event for name, event in self.door.functions.asked if name == "Reader"]
        self.door.functions.asked.clear()
        return found

    def read(self) -> None:
        """Let the Reader do what it was asked for."""
        self.fake.clock.drain(1)
        hub = replace(self.door.hub, cloud=self._cloud)
        for event in self.asked():
            reader.read(hub, reader.Wanted(**event), self.now + 60)

    def fresh(self, query: str = "", path: str = "test/shop") -> Any:
        """The answer once everything was read."""
        self.get(query, path)
        self.read()
        got = self.get(query, path)
        assert got.status == 200, got.text
        return got.json

    def _cloud(self, account: str, region: str, operation: str) -> Cloud:
        if self.fails:
            raise self.fails
        return self.fake.cloud(account, region, operation)


@pytest.fixture
def seeing() -> Seeing:
    """Two clusters of an application, one of another, in one of the account's two Regions."""
    fake, door = FakeCloud(Clock(), PROMPT), new_door()
    place = fake.seed("test", EAST, neighbours=(OLD, "mail-v000"))
    fake.place("test", WEST)
    seeds.neighbour(place, GROUP, Capacity(1, 2, 4), operation="op-7")
    seeds.neighbour(place, OTHER, Capacity(0, 1, 1), balanced=False)
    door.hub = replace(door.hub, now=lambda: fake.clock.now)
    return Seeing(door, fake)


def problem(got: Answered, status: int) -> str:
    assert (got.status, got.headers["Content-Type"]) == (status, "application/problem+json")
    assert (got.json["type"], got.json["status"]) == ("about:blank", status)
    return str(got.json["detail"])


def groups(told: Any) -> dict[str, Any]:
    return {group["name"]: group for cluster in told["clusters"] for group in cluster["groups"]}


def test_a_cluster_is_shown_with_its_groups_newest_first(seeing: Seeing) -> None:
    told = seeing.fresh()

    assert [(one["name"], one["stack"], one["detail"]) for one in told["clusters"]] == [
        ("shop-prod", "prod", ""),
        ("shop-test-blue", "test", "blue"),
    ]
    assert [group["name"] for group in told["clusters"][0]["groups"]] == [GROUP, OLD]
    assert (told["account"], told["application"], told["stale"], told["degraded"]) == ("test", "shop", False, [])
    assert [(one["region"], one["groups"], one["stale"], one["error"]) for one in told["regions"]] == [
        (EAST, 3, False, None),
        (WEST, 0, False, None),
    ]


def test_a_group_is_shown_with_all_that_is_known_of_it(seeing: Seeing) -> None:
    group = groups(seeing.fresh())[GROUP]

    at = "2026-01-01T00:00:01Z"
    behind = {"healthy": 2, "total": 2, "reasons": {}, "asOf": at}
    assert group == {
        "name": GROUP,
        "region": EAST,
        "version": 2,
        "image": seeds.GOOD_IMAGE,
        "capacity": {"min": 1, "desired": 2, "max": 4},
        "health": {
            "asg": {"name": "asg", **behind},
            "targetGroups": [{"name": "shop-web", **behind}],
            "loadBalancers": [{"name": seeds.CLASSIC, **behind}],
        },
        "traffic": "enabled",
        "deleting": False,
        "operation": "op-7",
        "guard": None,
        "asOf": at,
    }


def test_each_provider_tells_its_own_health_with_reasons(seeing: Seeing) -> None:
    place = seeing.east()
    first, second = (one.id for one in seeing.fake.cloud("test", EAST).groups.find(GROUP).instances)
    place.never_healthy.add(seeds.GOOD_IMAGE)
    seeing.fake.cloud("test", EAST).load_balancers.deregister_classic(seeds.CLASSIC, [first])
    found = place.groups.get(GROUP)
    assert found is not None
    place.group_is(GROUP, instances=(replace(found.instances[0], lifecycle="Pending"), found.instances[1]))

    health = groups(seeing.fresh())[GROUP]["health"]

    assert (health["asg"]["healthy"], health["asg"]["total"], health["asg"]["reasons"]) == (1, 2, {"Pending": 1})
    assert health["targetGroups"][0]["reasons"] == {"Target.FailedHealthChecks": 2}
    assert (health["loadBalancers"][0]["total"], second != first) == (1, True)


def out(*balancers: str, of: int = 2, suspend: bool = False) -> Callable[[Cloud], None]:
    """So many of the group's instances out of these."""

    def act(cloud: Cloud) -> None:
        instances = [one.id for one in cloud.groups.find(GROUP).instances][:of]
        for one in balancers:
            (cloud.load_balancers.deregister if one == ARN else cloud.load_balancers.deregister_classic)(one, instances)
        if suspend:
            cloud.groups.suspend(GROUP, ["AddToLoadBalancer"])

    return act


@pytest.mark.parametrize(
    ("act", "traffic"),
    [
        (out(), "enabled"),
        (out(ARN, seeds.CLASSIC), "disabled"),
        (out(ARN, seeds.CLASSIC, suspend=True), "disabled"),
        (out(ARN, seeds.CLASSIC, of=1), "part"),
        (out(suspend=True), "part"),
    ],
)
def test_traffic_is_what_its_load_balancers_say(seeing: Seeing, act: Callable[[Cloud], None], traffic: str) -> None:
    act(seeing.fake.cloud("test", EAST))

    assert groups(seeing.fresh())[GROUP]["traffic"] == traffic


def test_traffic_of_a_group_without_load_balancers_is_what_its_processes_say(seeing: Seeing) -> None:
    assert groups(seeing.fresh())[OTHER]["traffic"] == "enabled"
    seeing.fake.cloud("test", EAST).groups.suspend(OTHER, ["AddToLoadBalancer"])
    seeing.fake.clock.drain(60)

    assert groups(seeing.fresh())[OTHER]["traffic"] == "disabled"


def test_who_has_a_group_and_what_was_done_last_are_as_of_now(seeing: Seeing) -> None:
    seeing.fresh()
    door = seeing.door
    one = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    next_one = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    door("PUT", f"/guards/test/{EAST}/cluster/shop-prod/lock", {"reason": "peak hour"})

    prod, test = seeing.get().json["clusters"]

    assert prod["lastOperation"]["id"] in (one, next_one)
    assert prod["guards"] == {
        EAST: {
            "operation": None,
            "waiting": 0,
            "lockedBy": CALLER,
            "lockedWhy": "peak hour",
            "link": f"/guards/test/{EAST}/cluster/shop-prod",
        }
    }
    assert (test["lastOperation"], test["guards"]) == (None, {})


def test_the_guard_of_a_group_says_who_has_it_and_how_many_wait(seeing: Seeing) -> None:
    door = seeing.door
    path = f"/guards/test/{EAST}/serverGroup/{GROUP}"
    door("PUT", f"{path}/lock", {"reason": "look at it"})

    found = groups(seeing.fresh())

    assert found[GROUP]["guard"] == {
        "operation": None,
        "waiting": 0,
        "lockedBy": CALLER,
        "lockedWhy": "look at it",
        "link": path,
    }
    assert found[OLD]["guard"] is None


def test_one_cluster_is_shown_alone_with_its_last_operation(seeing: Seeing) -> None:
    one = seeing.door.post("/operations/resizeServerGroup", RESIZE).json["id"]

    told = seeing.fresh(path="test/shop/shop-prod")

    assert [(cluster["name"], cluster["lastOperation"]["id"]) for cluster in told["clusters"]] == [("shop-prod", one)]


def test_one_region_is_shown_alone(seeing: Seeing) -> None:
    told = seeing.fresh(f"?region={EAST}")

    assert [one["region"] for one in told["regions"]] == [EAST]


def test_clusters_are_paged_by_name(seeing: Seeing) -> None:
    seeing.fresh()

    first = seeing.get("?limit=1").json
    second = seeing.get(f"?limit=1&after={first['next']}").json

    assert [one["name"] for one in first["clusters"] + second["clusters"]] == ["shop-prod", "shop-test-blue"]
    assert second["next"] is None


def test_what_was_never_read_is_answered_at_once_and_marked(seeing: Seeing) -> None:
    got = seeing.get()

    assert (got.status, got.headers["Retry-After"]) == (200, "2")
    told = got.json
    assert (told["clusters"], told["asOf"], told["stale"]) == ([], None, True)
    assert told["degraded"] == [
        f"{EAST}: it is being read for the first time; ask again",
        f"{WEST}: it is being read for the first time; ask again",
    ]
    assert seeing.asked() == [
        {"account": "test", "region": EAST, "application": "shop"},
        {"account": "test", "region": WEST, "application": "shop"},
    ]


def test_it_is_read_anew_after_twenty_seconds_and_marked_after_a_minute(seeing: Seeing) -> None:
    seeing.fresh()
    seeing.fake.clock.drain(20)

    assert (seeing.get().json["stale"], seeing.asked()) == (False, [])
    seeing.fake.clock.drain(1)
    assert seeing.get().json["stale"] is False
    assert len(seeing.asked()) == 2
    seeing.fake.clock.drain(40)
    got = seeing.get()

    assert (got.json["stale"], got.headers["Retry-After"]) == (True, "2")
    assert got.json["degraded"][0] == f"{EAST}: shown as it was at 2026-01-01T00:00:01Z"
    assert list(groups(got.json)) == [GROUP, OLD, OTHER]


def test_however_many_ask_the_reader_is_asked_once(seeing: Seeing) -> None:
    for _ in range(5):
        seeing.get()

    assert len(seeing.asked()) == 2
    seeing.fake.clock.drain(21)
    seeing.get()
    assert len(seeing.asked()) == 2


def test_what_windlass_itself_has_changed_since_is_read_anew_at_once(seeing: Seeing) -> None:
    seeing.fresh()
    one = seeing.door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    seeing.fake.clock.drain(20)
    seeing.door.ended(one, Status.SUCCEEDED)

    seeing.get()

    assert [event["region"] for event in seeing.asked()] == [EAST]


def test_while_a_cloud_is_down_what_is_known_is_shown_and_marked(seeing: Seeing) -> None:
    seeing.fresh()
    seeing.fails = Throttled("Rate exceeded")
    seeing.fake.clock.drain(61)
    seeing.get()
    seeing.read()

    told = seeing.get().json

    assert list(groups(told)) == [GROUP, OLD, OTHER]
    assert told["stale"] is True
    assert told["degraded"][0] == f"{EAST}: Throttled: Rate exceeded; shown as it was at 2026-01-01T00:00:01Z"
    assert told["regions"][0]["error"] == "Throttled: Rate exceeded"
    seeing.fails = None
    seeing.fake.clock.drain(21)
    assert seeing.fresh()["degraded"] == []


def test_of_a_cloud_that_was_never_read_nothing_is_claimed(seeing: Seeing) -> None:
    seeing.fails = Transient("no answer")
    seeing.get()
    seeing.read()

    got = seeing.get(path="test/nobody")

    assert (got.status, got.json["clusters"], got.json["asOf"]) == (200, [], None)
    assert got.json["degraded"][0] == f"{EAST}: Transient: no answer; nothing is known of it"


def test_a_load_balancer_that_cannot_be_read_is_told(seeing: Seeing) -> None:
    del seeing.east().target_groups[ARN]

    told = seeing.fresh()

    assert told["degraded"] == [f"{EAST}: health of 1 load balancers is not known: shop-web: it is gone"]
    assert groups(told)[GROUP]["health"]["targetGroups"] == [
        {"name": "shop-web", "healthy": 0, "total": 0, "reasons": {}, "asOf": None}
    ]


def test_where_nobody_can_be_asked_to_read_what_is_known_is_shown(seeing: Seeing) -> None:
    seeing.fresh()
    seeing.fake.clock.drain(40)
    seeing.door.functions.refuses = Throttled("TooManyRequests")

    told = seeing.get()

    assert told.status == 200
    assert told.json["degraded"] == [
        f"{EAST}: it cannot be read anew: TooManyRequests",
        f"{WEST}: it cannot be read anew: TooManyRequests",
    ]


def test_an_unknown_account_is_told_with_those_that_are_known(seeing: Seeing) -> None:
    said = problem(seeing.get(path="nowhere/shop"), 404)

    assert said == "account nowhere is not known; known accounts: aws-account1, test"


def test_a_region_that_the_account_does_not_have_is_told(seeing: Seeing) -> None:
    said = problem(seeing.get("?region=eu-west-1"), 404)

    assert said == "account test is not opened for Region eu-west-1, only for us-east-1, us-west-1"


def test_an_unknown_application_is_told_once_that_is_known(seeing: Seeing) -> None:
    assert seeing.get(path="test/nobody").status == 200
    seeing.read()

    said = problem(seeing.get(path="test/nobody"), 404)

    assert said == (
        "application nobody has no server group in account test (us-east-1, us-west-1) as of 2026-01-01T00:00:01Z; "
        "its name is what stands before the first '-' of a server group's"
    )


def test_an_unknown_cluster_is_told(seeing: Seeing) -> None:
    seeing.fresh()

    assert problem(seeing.get(path="test/shop/shop-nope"), 404).startswith("cluster shop-nope of application shop has")


def test_an_application_whose_groups_are_all_gone_is_known_by_its_operations(seeing: Seeing) -> None:
    seeing.door.post("/operations/resizeServerGroup", RESIZE | {"serverGroupName": "gone-v001"})

    assert seeing.fresh(path="test/gone")["clusters"] == []


def test_while_the_table_is_down_it_is_answered_with_503(seeing: Seeing) -> None:
    seeing.door.break_table(Throttled("slow down"))

    got = seeing.get()

    assert "slow down" in problem(got, 503)
    assert got.headers["Retry-After"] == "2"


@pytest.mark.parametrize(
    ("path", "query", "field", "said"),
    [
        ("test/shop", "?limit=0", "limit", "greater than or equal to 1, not '0'"),
        ("test/shop", "?regoin=us-east-1", "regoin", "did you mean region?"),
        ("test/shop/shop-prod", "?limit=1", "limit", "there is no such parameter; known: region"),
    ],
)
def test_what_is_wrong_with_it_is_told_by_field(seeing: Seeing, path: str, query: str, field: str, said: str) -> None:
    got = seeing.get(query, path)

    problem(got, 400)
    assert [one["field"] for one in got.json["errors"]] == [field]
    assert said in got.json["errors"][0]["message"]
