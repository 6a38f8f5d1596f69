"""Requests about what a server group has about it: Clouddriver's names and codes, and sentences of our own."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid, Request
from lambdas.requests.delete_asg_tags import DeleteAsgTags
from lambdas.requests.suspend_asg_processes import SuspendAsgProcesses
from lambdas.requests.upsert_server_group_tags import UpsertServerGroupTags

ACCOUNTS = {"test": Account("test", "123456789012", ("us-east-1", "us-west-1"))}
GROUP = {"asgName": "shop-v001", "region": "us-east-1"}
CONTEXT = {"kato.tasks": ["x" * 100_000], "cloudProvider": "aws", "moniker": {"app": "shop"}, "type": "whatever"}
"""What Orca sends along."""


def read(model: type[Request], **description: Any) -> list[Any]:
    return model.of_clouddriver({"credentials": "test"} | description, ACCOUNTS)


def codes(model: type[Request], **description: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        read(model, **description)
    return caught.value.codes


def wrong(model: type[Request], **body: Any) -> tuple[str, ...]:
    """What Windlass's own door says."""
    with pytest.raises(Invalid) as caught:
        model.of_windlass({"account": "test", "region": "us-east-1"} | body)
    return caught.value.codes


# suspendAsgProcesses


def test_processes_to_suspend_are_read_in_any_case_for_each_group() -> None:
    asgs = [{"serverGroupName": "shop-v001", "region": "us-east-1"}, {"asgName": "shop-v002", "region": "us-west-1"}]

    first, second = read(SuspendAsgProcesses, asgs=asgs, processes=["launch", "AZREBALANCE"], **CONTEXT)

    assert (first.server_group_name, first.processes, first.tolerant) == ("shop-v001", ("Launch", "AZRebalance"), True)
    assert (second.server_group_name, second.region) == ("shop-v002", "us-west-1")
    assert SuspendAsgProcesses.clouddriver_names == {"suspendAsgProcesses", "suspendAsgProcessesDescription"}


def test_unknown_processes_and_missing_groups_are_clouddrivers_codes() -> None:
    assert codes(SuspendAsgProcesses, processes=["Launch"]) == ("SuspendAsgProcessesDescription.empty",)
    assert codes(SuspendAsgProcesses, **GROUP, processes=["Lunch"]) == (
        "suspendAsgProcessesDescription.processes.not.valid",
    )
    assert codes(SuspendAsgProcesses, **GROUP) == (
        "processes: Tuple should have at least 1 item after validation, not 0",
    )


def test_our_own_door_names_the_process_that_is_none() -> None:
    said, *_ = wrong(SuspendAsgProcesses, serverGroupName="shop-v001", processes=["Lunch"])

    assert said.startswith("processes.0: should be 'AddToLoadBalancer', 'AlarmNotification'")


# upsertServerGroupTags, deleteAsgTags


def test_tags_are_read_for_each_region_of_the_legacy_form() -> None:
    legacy = {"asgName": "shop-v001", "regions": ["us-east-1", "us-west-1"]}

    found = read(UpsertServerGroupTags, **legacy, tags={"team": "shop", "cost": 4711}, **CONTEXT)

    assert [(one.region, one.tags, one.propagate_at_launch) for one in found] == [
        (region, {"team": "shop", "cost": "4711"}, True) for region in ("us-east-1", "us-west-1")
    ]
    assert UpsertServerGroupTags.clouddriver_names == {"upsertServerGroupTags", "upsertAsgTagsDescription"}


def test_no_tags_and_blank_ones_are_clouddrivers_codes() -> None:
    empty = ("UpsertAsgTagsDescription.empty", "upsertAsgTagsDescription.tags.empty")
    assert codes(UpsertServerGroupTags) == empty
    assert codes(UpsertServerGroupTags, **GROUP, tags={"a": "", "": "b", "c": None, "d": "e"}) == (
        ("upsertAsgTagsDescription.tag.invalid",) * 3
    )


def test_keys_of_tags_to_delete_are_read_and_blank_ones_refused() -> None:
    (found,) = read(DeleteAsgTags, **GROUP, tagKeys=["team", "team"], **CONTEXT)

    assert found.keys == ("team",)
    assert DeleteAsgTags.clouddriver_names == {"deleteAsgTagsDescription"}
    assert codes(DeleteAsgTags, tagKeys=[None, "a"]) == (
        "DeleteAsgTagsDescription.empty",
        "deleteAsgTagsDescription.tagKey.invalid",
    )


def test_tags_of_aws_and_of_windlass_are_not_to_be_had_by_either_door() -> None:
    said = "tags.windlass:operation: tags that begin with aws: or windlass: are reserved"
    tags = {"windlass:operation": "x"}

    assert wrong(UpsertServerGroupTags, serverGroupName="shop-v001", tags=tags) == (said,)
    assert codes(UpsertServerGroupTags, **GROUP, tags=tags) == (said,)
    assert wrong(DeleteAsgTags, serverGroupName="shop-v001", tagKeys=["aws:x"]) == (
        "tagKeys.aws:x: tags that begin with aws: or windlass: are reserved",
    )


def test_our_own_door_says_how_long_a_tag_may_be_and_that_there_has_to_be_one() -> None:
    assert wrong(UpsertServerGroupTags, serverGroupName="shop-v001", tags={"team": "x" * 257}) == (
        "tags.team: a key has 1 to 128 characters, a value at most 256",
    )
    assert wrong(UpsertServerGroupTags, serverGroupName="shop-v001", tags={}) == (
        "tags: Dictionary should have at least 1 item after validation, not 0",
    )
    assert wrong(DeleteAsgTags, serverGroupName="shop-v001") == ("tagKeys: is required",)
