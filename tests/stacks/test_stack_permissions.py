"""Who may call what, read from the synthesised template."""

import json
from collections.abc import Callable
from typing import Any

from lambdas.dependent_actions import DEPENDENT
from lambdas.permissions import UNRESTRICTED, declared
from stacks.definitions import activities, definitions
from stacks.windlass import actions_of, declarations
from statemachines import ALL
from tests.stacks.service_reference import takes_resources

Json = dict[str, Any]

ACTIVITIES = activities(ALL)
DECLARES = {name: declared(named) for name, named in declarations(ALL, definitions(ALL)).items()}

ANYTHING = {
    "dynamodb:ListStreams": "takes no resource",
    "logs:CreateLogDelivery": "Step Functions' log delivery takes no resource, and so with the next seven",
    "logs:DeleteLogDelivery": "",
    "logs:DescribeLogGroups": "",
    "logs:DescribeResourcePolicies": "",
    "logs:GetLogDelivery": "",
    "logs:ListLogDeliveries": "",
    "logs:PutResourcePolicy": "",
    "logs:UpdateLogDelivery": "",
    "states:SendTaskFailure": "the token names the task",
    "states:SendTaskSuccess": "the token names the task",
    "xray:GetSamplingRules": "X-Ray takes no resource, and so with the next three",
    "xray:GetSamplingTargets": "",
    "xray:PutTelemetryRecords": "",
    "xray:PutTraceSegments": "",
}
"""Why an action of the hub's own is allowed on `*`."""


def allowed(statements: list[Json]) -> set[str]:
    return {action for one in statements for action in one["Action"]}


def test_no_action_is_a_pattern(statements: dict[str, list[Json]]) -> None:
    assert [action for some in statements.values() for action in allowed(some) if "*" in action] == []


def test_whatever_is_allowed_on_everything_is_an_activity_s_declaration_or_has_a_reason(
    statements: dict[str, list[Json]],
) -> None:
    """Which of the declared ones may be is `test_session_policies.py`'s."""
    calls = {action for some in DECLARES.values() for action in some}
    dependent = {one.action for one in DEPENDENT} & set(UNRESTRICTED)

    on_all = {
        action for some in statements.values() for one in some if "*" in one["Resource"] for action in one["Action"]
    }

    assert on_all - calls - dependent == set(ANYTHING)
    assert [action for action in ANYTHING if takes_resources(action)] == [], "AWS's reference knows a resource for it"


def test_a_role_is_passed_only_to_the_services_that_launch_notify_and_deploy(statements: dict[str, list[Json]]) -> None:
    passes = [one for some in statements.values() for one in some if "iam:PassRole" in one["Action"]]

    services = {name for one in passes for name in one["Condition"]["StringEquals"]["iam:PassedToService"]}

    assert services <= {f"{one}.amazonaws.com" for one in ("ec2", "autoscaling", "cloudformation")}


def test_tags_are_only_put_on_what_is_being_created_but_by_who_declares_that_he_tags(
    statements: dict[str, list[Json]],
) -> None:
    creating = {name for name, module in ACTIVITIES.items() if "ec2:CreateTags" not in actions_of(module)}

    taggings = [
        one
        for name, some in statements.items()
        for one in some
        if "ec2:CreateTags" in one["Action"] and name.removeprefix("windlass-") in creating
    ]

    assert taggings

    assert all("ec2:CreateAction" in one["Condition"]["StringEquals"] for one in taggings)


def test_only_the_api_may_list_operations_and_only_index_readers_query_indexes(
    statements: dict[str, list[Json]],
) -> None:
    readers = {
        name: sorted(one for one in ("applications", "clusters", "due", "rolls") if f"/index/{one}" in json.dumps(some))
        for name, some in statements.items()
    }

    assert {name: indexes for name, indexes in readers.items() if indexes} == {
        "windlass-Api": ["applications", "clusters", "due", "rolls"],
        "windlass-Nudge": ["clusters"],
        "windlass-Sweep": ["applications", "due"],
    }


def test_the_key_is_used_through_dynamodb_alone(statements: dict[str, list[Json]]) -> None:
    uses = [one for some in statements.values() for one in some if "kms:Encrypt" in one["Action"]]

    assert uses
    assert all("kms:ViaService" in one["Condition"]["StringEquals"] for one in uses)


def test_a_machine_may_invoke_exactly_the_aliases_in_its_definition(
    machines: dict[str, Json], statements: dict[str, list[Json]]
) -> None:
    for name, machine in machines.items():
        invokes = [one for one in statements[name] if "lambda:InvokeFunction" in one["Action"]]
        invoked = [resource["Ref"] for one in invokes for resource in one["Resource"]]

        assert sorted(invoked) == sorted(alias["Ref"] for alias in machine["DefinitionSubstitutions"].values())


def test_every_function_and_machine_has_a_role_of_its_own(
    functions: dict[str, Json], machines: dict[str, Json], of_type: Callable[[str], dict[str, Json]]
) -> None:
    roles = [one["Role"]["Fn::GetAtt"][0] for one in functions.values()]
    roles += [one["RoleArn"]["Fn::GetAtt"][0] for one in machines.values()]

    assert len(set(roles)) == len(roles)
    assert all("ManagedPolicyArns" not in of_type("AWS::IAM::Role")[role] for role in roles)


def test_every_dependent_action_names_aws_s_page_for_it() -> None:
    assert all(one.page.startswith("https://docs.aws.amazon.com/") for one in DEPENDENT)
