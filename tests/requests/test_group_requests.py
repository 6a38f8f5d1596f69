"""Requests about a server group that exists: legacy forms folded, Clouddriver's codes, sentences of our own."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid, OfOneServerGroup, TakesOutOfService, guards_of_one
from lambdas.requests.destroy_server_group import DestroyServerGroup
from lambdas.requests.disable_server_group import DisableServerGroup
from lambdas.requests.enable_server_group import EnableServerGroup
from lambdas.requests.resize_server_group import ResizeServerGroup, Sizes

ACCOUNTS = {"test": Account("test", "123456789012", ("us-east-1", "us-west-1"))}
ALL = [
    (ResizeServerGroup, "ResizeAsgDescription"),
    (DestroyServerGroup, "DestroyAsgDescription"),
    (EnableServerGroup, "EnableAsgDescription"),
    (DisableServerGroup, "DisableAsgDescription"),
]


def codes(model: type[OfOneServerGroup], **description: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_clouddriver({"credentials": "test"} | description, ACCOUNTS)
    return caught.value.codes


def resized(**description: Any) -> list[ResizeServerGroup]:
    return ResizeServerGroup.of_clouddriver({"credentials": "test"} | description, ACCOUNTS)


@pytest.mark.parametrize(("model", "kind"), ALL)
def test_no_server_group_is_clouddrivers_code(model: type[OfOneServerGroup], kind: str) -> None:
    assert codes(model) == (f"{kind}.empty",)
    assert codes(model, asgName="shop-v001") == (f"{kind}.empty",)


@pytest.mark.parametrize(("model", "kind"), ALL)
def test_every_server_group_is_judged(model: type[OfOneServerGroup], kind: str) -> None:
    asgs = [{"region": "us-east-1"}, {"asgName": "shop-v001"}, {"asgName": "shop-v001", "region": "mars-1"}]

    assert codes(model, asgs=asgs) == (
        f"{kind}.serverGroupName.empty",
        f"{kind}.region.empty",
        f"{kind}.regions.not.configured",
    )


@pytest.mark.parametrize(("model", "kind"), ALL)
def test_the_legacy_form_is_a_request_for_each_region(model: type[OfOneServerGroup], kind: str) -> None:
    body = {"asgName": "shop-v001", "regions": ["us-west-1", "us-east-1"], "account": "other", "credentials": "test"}

    requests = model.of_clouddriver(body, ACCOUNTS)

    assert [(one.account, one.region, one.server_group_name) for one in requests] == [
        ("test", "us-west-1", "shop-v001"),
        ("test", "us-east-1", "shop-v001"),
    ]


@pytest.mark.parametrize(("model", "kind"), ALL)
def test_a_list_wins_over_the_legacy_form(model: type[OfOneServerGroup], kind: str) -> None:
    asgs = [{"serverGroupName": "shop-v002", "asgName": "ignored", "region": "us-east-1"}]

    (request,) = model.of_clouddriver({"account": "test", "asgs": asgs, "regions": ["us-west-1"]}, ACCOUNTS)

    assert (request.server_group_name, request.region) == ("shop-v002", "us-east-1")


def test_orcas_whole_context_around_a_resize_is_read_past() -> None:
    (request,) = resized(
        serverGroupName="app-main-v001",
        asgName="app-main-v001",
        accountName="test",
        region="us-east-1",
        capacity={"min": "0", "max": 0, "desired": 0, "pinned": True},
        **{"kato.tasks": ["x" * 2_000_000], "cloudProvider": "aws"},
    )

    assert request.capacity == Sizes(min=0, desired=0, max=0)
    assert (request.wait_for, request.tolerant) == ("created", True)
    assert request.cluster == "test/us-east-1/app-main"


def test_a_resize_without_capacity_is_accepted_there() -> None:
    (request,) = resized(asgName="myasg-stack-v000", regions=["us-west-1"])

    assert request.capacity.empty


def test_a_resizes_capacity_is_judged_as_clouddriver_does() -> None:
    group = {"asgName": "shop-v001", "region": "us-east-1"}

    assert codes(ResizeServerGroup, **group, capacity={"min": 2, "max": 1}) == ("min size (2) > max size (1)",)
    assert codes(ResizeServerGroup, **group, capacity={"max": 1, "desired": 5}) == (
        "desired capacity (5) is not within min/max (null/1) range",
    )
    assert codes(ResizeServerGroup, **group, capacity={"max": -1}) == (
        "capacity.max: should be greater than or equal to 0",
    )


def test_constraints_become_what_is_expected() -> None:
    (request,) = resized(
        asgName="shop-v001", region="us-east-1", capacity={"max": 3}, constraints={"capacity": {"max": "5"}}
    )

    assert request.expected == Sizes(max=5)


def test_our_own_door_wants_a_capacity_that_says_something() -> None:
    body = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001"}

    with pytest.raises(Invalid, match="capacity: give at least one of min, desired and max"):
        ResizeServerGroup.of_windlass(body)
    with pytest.raises(Invalid, match=r"capacity: min \(3\) is greater than max \(1\)"):
        ResizeServerGroup.of_windlass(body | {"capacity": {"min": 3, "max": 1}})


def test_a_server_group_is_guarded_by_its_name() -> None:
    request = DestroyServerGroup(account="test", region="us-east-1", server_group_name="shop-v001")

    assert guards_of_one(request) == ("test/us-east-1/serverGroup/shop-v001",)


@pytest.mark.parametrize(
    ("name", "application", "cluster"),
    [("shop-prod-v001", "shop", "shop-prod"), ("Some group/1", "Some group/1", "Some group/1")],
)
def test_groups_with_names_of_their_own_have_a_cluster_too(name: str, application: str, cluster: str) -> None:
    request = DestroyServerGroup(account="test", region="us-east-1", server_group_name=name)

    assert (request.application, request.cluster) == (application, f"test/us-east-1/{cluster}")


def test_clouddrivers_door_does_not_wait_for_traffic_since_orca_does() -> None:
    body = {"credentials": "test", "asgName": "shop-v001", "region": "us-east-1", "kato.tasks": ["x" * 1_000_000]}

    (enabled,) = EnableServerGroup.of_clouddriver(body, ACCOUNTS)
    (disabled,) = DisableServerGroup.of_clouddriver(body, ACCOUNTS)

    assert (enabled.wait_for, enabled.tolerant, disabled.wait_for) == ("registered", True, "deregistered")


def test_our_own_door_waits_for_health_and_for_the_last_connection() -> None:
    body = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001"}

    assert EnableServerGroup.of_windlass(body).wait_for == "healthy"
    assert DisableServerGroup.of_windlass(body).wait_for == "drained"


@pytest.mark.parametrize(("sent", "read"), [(None, 100), ("", 100), ("25", 25), (100, 100)])
def test_a_percentage_is_all_where_none_is_given(sent: object, read: int) -> None:
    body = {"credentials": "test", "asgName": "shop-v001", "region": "us-east-1", "desiredPercentage": sent}

    (request,) = DisableServerGroup.of_clouddriver(body, ACCOUNTS)

    assert request.desired_percentage == read


def test_a_percentage_that_is_none_is_refused_at_both_doors() -> None:
    where = {"region": "us-east-1", "serverGroupName": "shop-v001", "desiredPercentage": 101}

    assert codes(DisableServerGroup, **where) == ("desiredPercentage: should be less than or equal to 100",)
    with pytest.raises(Invalid, match="desiredPercentage: should be less than or equal to 100"):
        DisableServerGroup.of_windlass({"account": "test"} | where)


@pytest.mark.parametrize("model", [ResizeServerGroup, DestroyServerGroup, DisableServerGroup])
@pytest.mark.parametrize(("sent", "read"), [(None, False), ("false", False), ("true", True), (True, True)])
def test_to_override_the_traffic_guard_is_said_and_needs_a_permission(
    model: type[TakesOutOfService], sent: object, read: bool
) -> None:
    body = {"credentials": "test", "asgName": "shop-v001", "region": "us-east-1", "overrideTrafficGuard": sent}

    (request,) = model.of_clouddriver(body, ACCOUNTS)

    assert request.override_traffic_guard is read
    assert request.permissions == (("overrideTrafficGuard",) if read else ())


def test_other_requests_need_no_permission_of_their_own() -> None:
    request = EnableServerGroup(account="test", region="us-east-1", server_group_name="shop-v001")

    assert request.permissions == ()
