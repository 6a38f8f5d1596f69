"""CloudFormation over HTTP: a stack created, changed by a change set and deleted, in one of Clouddriver's batches."""

import json

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, plays

pytestmark = pytest.mark.xdist_group("embedded")

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "outgoing-queue", "VisibilityTimeout": {"Ref": "Secs"}}}
PARAMETERS = {"Secs": {"Type": "Number"}}
TEMPLATE = {"Parameters": PARAMETERS, "Resources": {"Queue": QUEUE}}
LATER = {"Parameters": PARAMETERS, "Resources": {"Queue": QUEUE, "Dead": {"Type": "AWS::SQS::Queue"}}}


def created_changed_and_deleted(live: Live) -> Json:
    where = {"credentials": "test", "region": HOME, "stackName": "outgoing"}
    deploy = where | {"parameters": {"Secs": 40}, "tags": {"team": "shop"}, "capabilities": []}
    change_set = {"changeSetName": "longer"}
    batch = [
        {"deployCloudFormation": deploy | {"templateBody": json.dumps(TEMPLATE)}},
        {"deployCloudFormation": deploy | {"templateBody": LATER, "isChangeSet": True} | change_set},
        {"executeCloudFormationChangeSet": where | change_set},
        {"deleteCloudFormationChangeSet": where | change_set},
        {"deleteCloudFormation": where},
    ]
    return live.task_ended(live.client.post("/aws/ops", batch, expect=200)["id"])


@plays([created_changed_and_deleted])
def test_a_stack_is_created_changed_and_deleted_in_one_batch(played: Json, live: Live) -> None:
    assert (played["status"]["completed"], played["status"]["failed"]) == (True, False), played["status"]
    stack = played["resultObjects"][0]["stackId"]
    assert ":stack/outgoing/" in stack
    assert [one["stackId"] for one in played["resultObjects"]] == [stack] * 3
    found = live.aws("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    assert found["StackStatus"] == "DELETE_COMPLETE"
    events = live.aws("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    tokens = {one["ClientRequestToken"] for one in events if one.get("ClientRequestToken")}
    assert {one.rpartition("-")[2] for one in tokens} == {"create", "execute"}
    views = [live.view(one["id"]) for one in played["sagaIds"]]
    assert "AWS::SQS::Queue" not in json.dumps(views)
