"""resumeAsgProcesses by both doors."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid
from lambdas.requests.resume_asg_processes import ResumeAsgProcesses

ACCOUNTS = {"prod": Account("prod", "123456789012", ("us-east-1",))}
BODY = {"account": "prod", "region": "us-east-1", "serverGroupName": "shop-v001", "processes": ["Terminate"]}


def test_it_names_one_group_and_its_processes() -> None:
    request = ResumeAsgProcesses.of_windlass(BODY)

    assert (request.application, request.processes, request.tolerant) == ("shop", ("Terminate",), False)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"processes": []}, "processes: Tuple should have at least 1 item"),
        ({"processes": ["Sleep"]}, "processes.0: "),
        ({"process": "Launch"}, "process: is not a known field"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        ResumeAsgProcesses.of_windlass(BODY | changes)


def test_clouddrivers_body_names_processes_in_any_case_and_groups_in_the_old_way() -> None:
    description = {"credentials": "prod", "asgName": "shop-v001", "regions": ["us-east-1"], "processes": ["terminate"]}

    (request,) = ResumeAsgProcesses.of_clouddriver(description, ACCOUNTS)

    assert (request.server_group_name, request.processes, request.tolerant) == ("shop-v001", ("Terminate",), True)


def test_clouddrivers_code_for_a_process_that_is_none() -> None:
    description = {"credentials": "prod", "asgs": [{"asgName": "a", "region": "us-east-1"}], "processes": ["sleep"]}

    with pytest.raises(Invalid) as refused:
        ResumeAsgProcesses.of_clouddriver(description, ACCOUNTS)

    assert refused.value.codes == ("createNetworkInterfaceDescription.processes.not.valid",)
