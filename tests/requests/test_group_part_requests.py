"""Requests about what a server group has about it: Clouddriver's names and codes, and sentences of our own."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid, Request
from lambdas.requests.suspend_asg_processes import SuspendAsgProcesses

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
