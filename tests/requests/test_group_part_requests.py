"""Requests about what a server group has about it: Clouddriver's names and codes, and sentences of our own."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid, Request
from lambdas.requests.delete_asg_tags import DeleteAsgTags
from lambdas.requests.delete_launch_configuration import DeleteLaunchConfiguration
from lambdas.requests.delete_launch_template import DeleteLaunchTemplate
from lambdas.requests.modify_asg import ModifyAsg
from lambdas.requests.of_things import guards_of_thing
from lambdas.requests.suspend_asg_processes import SuspendAsgProcesses
from lambdas.requests.upsert_asg_lifecycle_hook import UpsertAsgLifecycleHook
from lambdas.requests.upsert_asg_scheduled_actions import UpsertAsgScheduledActions
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


# modifyAsg


def test_attributes_are_read_with_default_last_and_texts_as_numbers() -> None:
    (found,) = read(
        ModifyAsg,
        asgs=[GROUP],
        cooldown="10",
        healthCheckGracePeriod=60,
        healthCheckType="ELB",
        terminationPolicies=["Default", "NewestInstance"],
        capacityRebalance="true",
        enabledMetrics=[],
        **CONTEXT,
    )

    assert (found.cooldown, found.health_check_grace_period, found.health_check_type) == (10, 60, "ELB")
    assert (found.termination_policies, found.capacity_rebalance) == (("NewestInstance", "Default"), True)
    assert found.enabled_metrics == ()
    assert ModifyAsg.clouddriver_names == {"modifyAsgDescription"}


def test_metrics_that_are_not_told_of_are_left_alone() -> None:
    (found,) = read(ModifyAsg, asgs=[GROUP], cooldown=10)

    assert found.enabled_metrics is None


def test_a_modification_of_nothing_is_refused_at_both_doors() -> None:
    said = (
        "nothing is to be changed; say at least one of cooldown, healthCheckGracePeriod, healthCheckType, "
        "terminationPolicies, capacityRebalance, enabledMetrics"
    )

    assert wrong(ModifyAsg, serverGroupName="shop-v001") == (said,)
    assert codes(ModifyAsg, asgs=[GROUP]) == (said,)
    assert codes(ModifyAsg, cooldown=10) == ("ModifyAsgDescription.empty",)


def test_our_own_door_names_what_cannot_be() -> None:
    assert wrong(ModifyAsg, serverGroupName="shop-v001", cooldown=-1, healthCheckType="HTTP") == (
        "cooldown: should be greater than or equal to 0",
        "healthCheckType: should be 'EC2' or 'ELB'",
    )


# upsertAsgScheduledActions


def test_scheduled_actions_are_read_with_texts_as_numbers() -> None:
    actions = [{"recurrence": "0  6 * * *", "minSize": "1", "maxSize": 3, "desiredCapacity": None}]

    (found,) = read(UpsertAsgScheduledActions, asgs=[GROUP], scheduledActions=actions, **CONTEXT)

    assert [one.model_dump(exclude_none=True) for one in found.scheduled_actions] == [
        {"recurrence": "0 6 * * *", "min_size": 1, "max_size": 3}
    ]
    assert UpsertAsgScheduledActions.clouddriver_names == {"upsertAsgScheduledActionsDescription"}


def test_a_list_left_out_is_not_an_empty_one() -> None:
    (found,) = read(UpsertAsgScheduledActions, asgs=[GROUP], scheduledActions=[])

    assert found.scheduled_actions == ()
    assert codes(UpsertAsgScheduledActions, asgs=[GROUP]) == ("scheduledActions: is required",)
    assert codes(UpsertAsgScheduledActions, scheduledActions=[]) == ("UpsertAsgScheduledActionsDescription.empty",)


def test_scheduled_actions_that_cannot_be_are_told_one_by_one() -> None:
    actions = [
        {"recurrence": "daily", "minSize": 1},
        {"recurrence": "0 6 * * *"},
        {"recurrence": "0 7 * * *", "minSize": 3, "maxSize": 1},
    ]

    assert wrong(UpsertAsgScheduledActions, serverGroupName="shop-v001", scheduledActions=actions) == (
        r"scheduledActions.0.recurrence: String should match pattern '^\S+( \S+){4}$'",
        "scheduledActions.1: 0 6 * * *: say at least one of minSize, maxSize and desiredCapacity",
        "scheduledActions.2: 0 7 * * *: minSize, desiredCapacity and maxSize have to be in this order of size",
    )


def test_two_actions_of_one_recurrence_are_refused() -> None:
    actions = [{"recurrence": "0 6 * * *", "minSize": 1}, {"recurrence": "0  6 * * *", "minSize": 2}]

    assert wrong(UpsertAsgScheduledActions, serverGroupName="shop-v001", scheduledActions=actions) == (
        "scheduledActions: 0 6 * * * is there 2 times; two actions cannot begin at once",
    )


# upsertAsgLifecycleHook

HOOK = {
    "serverGroupName": "shop-v001",
    "region": "us-east-1",
    "roleARN": "arn:aws:iam::1:role/a",
    "notificationTargetARN": "arn:aws:sqs:us-east-1:1:b",
}


def test_a_hook_is_read_with_clouddrivers_defaults_and_its_name_made_to_fit() -> None:
    (found,) = read(UpsertAsgLifecycleHook, **HOOK, name="shop:drain", heartbeatTimeout="300", **CONTEXT)

    assert (found.name, found.heartbeat_timeout, found.default_result) == ("shop_drain", 300, "ABANDON")
    assert found.lifecycle_transition == "autoscaling:EC2_INSTANCE_TERMINATING"
    assert (found.role_arn, found.notification_target_arn) == (HOOK["roleARN"], HOOK["notificationTargetARN"])
    assert UpsertAsgLifecycleHook.clouddriver_names == {"upsertAsgLifecycleHookDescription"}


@pytest.mark.parametrize("said", ["EC2InstanceLaunching", "autoscaling:EC2_INSTANCE_LAUNCHING"])
def test_a_transition_is_known_by_clouddrivers_name_and_by_awss(said: str) -> None:
    (found,) = read(UpsertAsgLifecycleHook, **HOOK, lifecycleTransition=said)

    assert found.lifecycle_transition == "autoscaling:EC2_INSTANCE_LAUNCHING"


def test_a_hook_without_its_fields_is_clouddrivers_codes() -> None:
    kind = "upsertAsgLifecycleHookDescription"
    assert codes(UpsertAsgLifecycleHook, heartbeatTimeout=3601) == (
        f"{kind}.regions.not.configured",
        f"{kind}.serverGroupName.not.nullable",
        f"{kind}.roleARN.not.nullable",
        f"{kind}.notificationTargetARN.not.nullable",
        "Heartbeat Timeout cannot be greater than 3600",
    )


def test_our_own_door_needs_no_target_and_allows_two_hours() -> None:
    body = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001"}

    assert UpsertAsgLifecycleHook.of_windlass(body | {"heartbeatTimeout": 7200}).name is None
    assert wrong(UpsertAsgLifecycleHook, serverGroupName="shop-v001", heartbeatTimeout=10, name="a:b") == (
        r"name: String should match pattern '^[A-Za-z0-9\-_/]+$'",
        "heartbeatTimeout: should be greater than or equal to 30",
    )


# deleteLaunchTemplate, deleteLaunchConfiguration


def test_what_a_group_starts_from_is_read_by_id_or_name() -> None:
    (template,) = read(DeleteLaunchTemplate, launchTemplateId="lt-0123", region="us-east-1", **CONTEXT)
    (configuration,) = read(DeleteLaunchConfiguration, launchConfigurationName="shop-v001-x", region="us-east-1")

    assert guards_of_thing(template) == ("test/us-east-1/launchTemplate/lt-0123",)
    assert guards_of_thing(configuration) == ("test/us-east-1/launchConfiguration/shop-v001-x",)
    assert DeleteLaunchTemplate.clouddriver_names == {"deleteLaunchTemplate"}
    assert DeleteLaunchConfiguration.clouddriver_names == {"deleteLaunchConfiguration"}


def test_what_a_group_starts_from_has_to_be_named() -> None:
    assert codes(DeleteLaunchTemplate, region="us-east-1") == ("launchTemplateId: is required",)
    assert codes(DeleteLaunchConfiguration) == ("region: is required", "launchConfigurationName: is required")
    assert wrong(DeleteLaunchTemplate, launchTemplateId="shop") == (
        "launchTemplateId: String should match pattern '^lt-[0-9a-zA-Z]+$'",
    )
