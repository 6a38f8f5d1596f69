"""What a Task's payload says, as Step Functions and Lambda write it."""

import json

import pytest

from lambdas.engine.tasks import task_of
from rehearsal.world import World

LAMBDAS = json.dumps({"errorMessage": "image ami-1 does not exist", "errorType": "Rejected", "stackTrace": ["…"]})


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (LAMBDAS, "Rejected: image ami-1 does not exist"),
        ("not within 30 s", "Rejected: not within 30 s"),
        ("[1]", "Rejected: [1]"),
        ("", "Rejected: "),
    ],
)
def test_a_reason_is_a_sentence_whoever_failed(cause: str, reason: str) -> None:
    event = {"saga": "CreateServerGroup", "step": "PutBack", "operation": "one"}

    task = task_of(event | {"failed": {"error": "Rejected", "cause": cause}}, World().sagas)

    assert task.reason == reason
