"""Which events of other accounts a bus of the embedded AWS takes: those that its policy names, as AWS does."""

import json
from typing import Any

import pytest

from local.event_bus import takes

HUB, THERE = "123456789012", "222222222222"
STATEMENT = {
    "Sid": "TargetAccounts",
    "Effect": "Allow",
    "Action": "events:PutEvents",
    "Principal": {"AWS": [f"arn:aws:iam::{THERE}:root"]},
    "Resource": f"arn:aws:events:us-east-1:{HUB}:event-bus/windlass-nudges",
    "Condition": {"ForAllValues:StringEquals": {"events:source": ["aws.ec2"], "events:detail-type": ["Moved"]}},
}


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Statement": [statement]})


def event(**more: str) -> dict[str, str]:
    return {"account": THERE, "source": "aws.ec2", "detail-type": "Moved"} | more


@pytest.mark.parametrize(
    ("told", "said", "taken"),
    [
        (policy(STATEMENT), event(), True),
        (None, event(account=HUB), True),
        (None, event(), False),
        (policy(STATEMENT), event(account="333333333333"), False),
        (policy(STATEMENT), event(source="aws.states"), False),
        (policy(STATEMENT), event(**{"detail-type": "Else"}), False),
        (policy(STATEMENT | {"Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5"]}}}), event(), False),
    ],
    ids=["named", "its own", "no policy", "another account", "another source", "another kind", "not understood"],
)
def test_a_bus_takes_what_its_policy_names(told: str | None, said: dict[str, str], taken: bool) -> None:
    assert takes(told, HUB, said) is taken
