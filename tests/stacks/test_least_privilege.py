"""What each function is granted is what it calls, in both directions, and the policies let exactly that pass."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pytest

from lambdas.dependent_actions import dependents_of
from lambdas.permissions import UNRESTRICTED, changes_groups, declared, session_policy
from stacks.definitions import activities, definitions
from stacks.windlass import declarations
from statemachines import ALL
from tests.stacks.policies import Request, allows, in_deployment, listed
from tests.stacks.recorded_calls import HUB, Calls
from tests.stacks.recorded_plays import played
from tests.stacks.requests_made import requests_of, sample

pytestmark = pytest.mark.xdist_group("least privilege")

Json = dict[str, Any]
ACTIVITIES = sorted(activities(ALL))
HUBS = ("Api", "Courier", "Engine", "Herald", "Nudge", "Projector", "Reader", "Sweep")
DECLARES = {name: declared(named) for name, named in declarations(ALL, definitions(ALL)).items()}
OURS = ("dynamodb", "events", "lambda", "s3", "sns", "sqs", "states")
"""Services of the hub's own; in the clouds what is declared counts, which `test_declared_actions.py` compares."""
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/"
_KEYS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"
_POLLS, _STREAMS = f"{_LAMBDA}services-sqs-configure.html", f"{_LAMBDA}services-dynamodb-eventsourcemapping.html"
ON_BEHALF = {
    **dict.fromkeys(("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), _POLLS),
    **dict.fromkeys(("sqs:GetQueueUrl", "sqs:ReceiveMessage"), _POLLS),
    **dict.fromkeys(("dynamodb:DescribeStream", "dynamodb:GetRecords"), _STREAMS),
    **dict.fromkeys(("dynamodb:GetShardIterator", "dynamodb:ListStreams"), _STREAMS),
    **dict.fromkeys(("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"), _KEYS),
    **dict.fromkeys(("kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"), _KEYS),
    **dict.fromkeys(("logs:CreateLogStream", "logs:PutLogEvents"), f"{_LAMBDA}monitoring-cloudwatchlogs.html"),
    **dict.fromkeys(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), f"{_LAMBDA}services-xray.html"),
}
"""What AWS calls with a function's role without our code: to wake it, to read the table's key, to keep its log. And
AWS's page for each."""
SETS_ASIDE = ("Projector", "Herald")
"""Whose event source sends what it gives up on to a queue, to which the function itself never sends:
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html"""
TARGET, STRANGER = "210987654321", "999999999999"
ELSEWHERE = "arn:aws:dynamodb:us-east-1:123456789012:table/other-operations"


class Told(NamedTuple):
    """A call, or a grant: the key is the kind of item that is written."""

    action: str
    resource: str
    key: str = ""

    @property
    def ours(self) -> bool:
        return self.action.partition(":")[0] in OURS

    @property
    def request(self) -> Request:
        return Request(self.action, self.resource, {"dynamodb:LeadingKeys": (self.key,)} if self.key else {})


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Calls:
    return played(tmp_path_factory.mktemp("policies"))


@pytest.fixture(scope="module")
def made(calls: Calls) -> dict[str, set[Told]]:
    """The calls of each function: as recorded, and what it declares besides as AWS's reference writes it."""
    found: dict[str, set[Told]] = defaultdict(set)
    for called in calls:
        found[called.function] |= {_told(one) for one in requests_of(called)}
    for name, actions in DECLARES.items():
        found[name] |= {Told(one, sample(one, HUB)) for one in actions - {call.action for call in found[name]}}
    return found


@pytest.fixture(scope="module")
def granted(statements: Mapping[str, list[Json]], template: Json) -> dict[str, list[Json]]:
    """By function, as IAM gets it."""
    return in_deployment(statements, template)


def _told(request: Request) -> Told:
    return Told(request.action, request.resource, "".join(request.context.get("dynamodb:LeadingKeys", ())))


def grants_of(name: str, statements: Iterable[Json]) -> set[Told]:
    """Each action on each thing of the hub's own, with each kind of item that it may write."""
    found = {
        Told(action, resource, key)
        for one in statements
        for action in one["Action"]
        for resource in one["Resource"]
        for key in _keys(one)
        if action not in ON_BEHALF
    }
    return {one for one in found if one.ours and not (name in SETS_ASIDE and "DeadLetters" in one.resource)}


def _keys(statement: Json) -> list[str]:
    keys = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [""])
    return [key.removesuffix("*") for key in keys]


def lets(grant: Told, call: Told) -> bool:
    statement = {"Effect": "Allow", "Action": [grant.action], "Resource": [grant.resource]}
    return grant.key in ("", call.key) and allows([statement], Request(call.action, call.resource))


def used(grant: Told, calls: Iterable[Told]) -> bool:
    """Actions and kinds of items are granted together: each action has its use, and each kind."""
    calls = list(calls)
    in_some_way = any(lets(Told(grant.action, grant.resource), call) for call in calls)
    return in_some_way and (not grant.key or any(call.key == grant.key for call in calls if _writes(call)))


def _writes(call: Told) -> bool:
    return call.action in ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")


def differences(grants: set[Told], calls: set[Told]) -> list[str]:
    """Calls that nothing grants, and grants that no call uses, in words."""
    missing = (call for call in calls if call.ours and not any(lets(grant, call) for grant in grants))
    idle = (grant for grant in grants if not used(grant, calls))
    return sorted([f"calls {' '.join(one)} without a grant" for one in missing]) + sorted(
        f"is granted {' '.join(one)} and never calls it" for one in idle
    )


@pytest.mark.parametrize("name", HUBS)
def test_a_function_of_the_hub_is_granted_what_it_calls_and_nothing_else(
    name: str, made: Mapping[str, set[Told]], granted: Mapping[str, list[Json]]
) -> None:
    assert differences(grants_of(name, granted[name]), made[name]) == []


def test_activities_are_granted_of_the_hub_s_own_what_they_call_and_nothing_else(
    made: Mapping[str, set[Told]], granted: Mapping[str, list[Json]]
) -> None:
    """Which of them uses which write depends on the operations that there are: the code around them is the same."""
    [same] = {frozenset(grants_of(name, granted[name])) for name in ACTIVITIES}

    assert differences({*same}, {call for name in ACTIVITIES for call in made[name]}) == []


@pytest.mark.parametrize("name", DECLARES)
def test_a_function_calls_nothing_in_the_clouds_that_it_does_not_declare(
    name: str, made: Mapping[str, set[Told]]
) -> None:
    assert sorted({one.action for one in made[name] if not one.ours} - DECLARES[name]) == []


@pytest.mark.parametrize("name", [*HUBS, *ACTIVITIES])
def test_nothing_is_granted_but_that_and_what_aws_needs_on_its_behalf(
    name: str, granted: Mapping[str, list[Json]]
) -> None:
    actions = DECLARES.get(name, frozenset())
    elsewhere = {*actions, *(one.action for one in dependents_of(actions)), *({"sts:AssumeRole"} if actions else ())}

    found = {action for one in granted[name] for action in one["Action"] if action.partition(":")[0] not in OURS}

    assert found - {*ON_BEHALF} == elsewhere


@pytest.mark.parametrize("name", [*HUBS, *ACTIVITIES])
def test_its_policies_let_each_of_its_calls_pass(
    name: str, made: Mapping[str, set[Told]], granted: Mapping[str, list[Json]]
) -> None:
    assert [call for call in sorted(made[name]) if not allows(granted[name], call.request)] == []


@pytest.mark.parametrize("name", [*HUBS, *ACTIVITIES])
def test_they_let_no_call_pass_that_another_function_makes_and_it_does_not(
    name: str, made: Mapping[str, set[Told]], granted: Mapping[str, list[Json]]
) -> None:
    own = {call for mine in (ACTIVITIES if name in ACTIVITIES else [name]) for call in made[mine] if call.ours}
    others = {call for other in made for call in made[other] if not (call.ours and _same(call, own))}
    others = {call for call in others if call.ours or call.action not in _granted_in_clouds(name)}

    assert [call for call in sorted(others) if allows(granted[name], call.request)] == []
    assert len(others) > 50


def _same(call: Told, own: set[Told]) -> bool:
    """Whether it makes that call too, of an item of any kind that it writes in some way, if it is one that writes."""
    if not _writes(call):
        return any((one.action, _place(one)) == (call.action, _place(call)) for one in own)
    return call.action in {one.action for one in own} and call.key in {one.key for one in own if _writes(one)}


def _place(call: Told) -> str:
    """Machines and topics are granted by the prefix of their names."""
    named = call.action.startswith(("states:", "sns:"))
    return call.resource.partition("windlass-")[0] if named else call.resource


def _granted_in_clouds(name: str) -> set[str]:
    actions = DECLARES.get(name, frozenset())
    return {*actions, *(one.action for one in dependents_of(actions) if not one.equals)}


def moved(call: Told) -> list[Told]:
    """The same call on another account's thing, and on another hub's or in another Region's."""
    parts = call.resource.split(":", 5)
    if len(parts) < 6:
        return []
    places = [[*parts[:4], STRANGER, parts[5]]] if parts[4] and call.action not in ANY_ACCOUNT else []
    if call.ours and parts[2] != "sns":
        places += [[*parts[:3], "eu-west-1", *parts[4:]], [*parts[:5], parts[5].replace("windlass-", "others-")]]
    return [call._replace(resource=":".join(place)) for place in places]


ANY_ACCOUNT = {
    "ssm:GetParameter": "parameters that others share, and AWS's own",
    "sns:Publish": "topics named windlass-… wherever they are: the topic's own policy has to agree",
    "ec2:CreateNetworkInterface": "subnets that others share",
    "ec2:CreateSecurityGroup": "VPCs that others share",
    **UNRESTRICTED,
}
"""What is allowed in other accounts too, and why: AWS lets it pass where that account agrees."""


@pytest.mark.parametrize("name", [*HUBS, *ACTIVITIES])
def test_they_let_none_of_its_calls_pass_on_another_account_s_hub_s_or_region_s_things(
    name: str, made: Mapping[str, set[Told]], granted: Mapping[str, list[Json]]
) -> None:
    elsewhere = [one for call in made[name] for one in moved(call)]

    assert [call for call in sorted(elsewhere) if allows(granted[name], call.request)] == []


@pytest.mark.parametrize("name", DECLARES)
def test_a_session_lets_its_function_s_calls_pass_in_its_account_and_no_others(
    name: str, calls: Calls, made: Mapping[str, set[Told]]
) -> None:
    session = listed(session_policy(DECLARES[name], TARGET, ["BaseIAMRole"]))
    there = {_told(one) for called in calls if called.function == name for one in requests_of(called, TARGET)}
    others = {call for other in DECLARES for call in made[other] if call.action not in _granted_in_clouds(name)}
    here = {one for one in made[name] if f":{HUB}:" in one.resource and one.action not in ANY_ACCOUNT}

    assert [call for call in sorted(there) if not call.ours and not allows(session, call.request)] == []
    assert [call for call in sorted(others | here) if allows(session, call.request)] == []


@pytest.mark.parametrize("name", [one for one in ACTIVITIES if any(map(changes_groups, DECLARES[one]))])
def test_a_session_of_an_operation_changes_its_application_s_groups_and_no_others(name: str, calls: Calls) -> None:
    changes = [
        (called.application, one)
        for called in calls
        if called.function == name and called.application
        for one in requests_of(called, TARGET)
        if changes_groups(one.action) and "autoScalingGroupName/" in one.resource
    ]
    sessions = {of: listed(session_policy(DECLARES[name], TARGET, ["BaseIAMRole"], of)) for of, _ in changes}
    others = [(of, Request(one.action, one.resource.replace(f"/{of}", f"/{of}ping"))) for of, one in changes]

    assert changes
    assert [one for of, one in changes if not allows(sessions[of], one)] == []
    assert [one for of, one in others if allows(sessions[of], one)] == []


LAUNCH = {"ec2:CreateAction": ("RunInstances",)}
EC2, LAMBDA, DEPLOY = (
    {"iam:PassedToService": (f"{one}.amazonaws.com",)} for one in ("ec2", "lambda", "cloudformation")
)
VOLUME = f"arn:aws:ec2:us-east-1:{HUB}:volume/vol-1"
BASE, ADMIN = f"arn:aws:iam::{HUB}:role/BaseIAMRole", f"arn:aws:iam::{HUB}:role/Administrator"


@pytest.mark.parametrize(
    ("name", "request_", "passes"),
    [
        ("ServerGroups", Request("ec2:RunInstances", VOLUME), True),
        ("ServerGroups", Request("ec2:CreateTags", VOLUME, LAUNCH), True),
        ("ServerGroups", Request("ec2:CreateTags", VOLUME), False),
        ("ServerGroups", Request("ec2:CreateTags", VOLUME, {"ec2:CreateAction": ("CreateVolume",)}), False),
        ("ServerGroups", Request("iam:PassRole", BASE, EC2), True),
        ("ServerGroups", Request("iam:PassRole", BASE, LAMBDA), False),
        ("ServerGroups", Request("iam:PassRole", BASE, DEPLOY), False),
        ("ServerGroups", Request("iam:PassRole", BASE), False),
        ("ServerGroups", Request("iam:PassRole", ADMIN, EC2), False),
        ("Stacks", Request("iam:PassRole", BASE, DEPLOY), True),
        ("Stacks", Request("iam:PassRole", ADMIN, DEPLOY), False),
        ("Capacity", Request("iam:PassRole", BASE, EC2), False),
        ("Engine", Request("iam:PassRole", BASE, EC2), False),
    ],
)
def test_what_a_call_needs_besides_itself_is_allowed_for_that_alone(
    name: str, request_: Request, passes: bool, granted: Mapping[str, list[Json]]
) -> None:
    assert allows(granted[name], request_) is passes


def test_a_target_account_s_role_is_assumed_by_its_name_alone(granted: Mapping[str, list[Json]]) -> None:
    ours, other = (Request("sts:AssumeRole", f"arn:aws:iam::{TARGET}:role/{one}") for one in ("windlass-hub", "admin"))

    assert {name for name in granted if allows(granted[name], ours)} == {*DECLARES}
    assert not any(allows(one, other) for one in granted.values())


def test_what_is_called_on_a_function_s_behalf_names_aws_s_page() -> None:
    assert all(page.startswith("https://docs.aws.amazon.com/") for page in ON_BEHALF.values())
