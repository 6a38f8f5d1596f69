"""A cloud in the hands of a scribe, on moto: it reads like any other, changes nothing, and says what it was told."""

import time

import pytest

from lambdas import accounts, sessions
from lambdas.accounts import Account
from lambdas.brakes import Brakes
from lambdas.cloud.balancers import Balancers
from lambdas.errors import Rejected
from rehearsal.memory_table import MemoryTable
from tests.contract.recording import REGION, seeding
from tests.contract.test_hub_adapters import fresh_clients  # noqa: F401 - a fixture

ACCOUNT = "123456789012"


@pytest.mark.usefixtures("aws", "fresh_clients")
def test_what_it_is_told_to_change_stands_and_is_noted_as_aws_would_be_called() -> None:
    table = MemoryTable()
    accounts.put(table, Account("hub", ACCOUNT, (REGION,)))
    elb = seeding("elbv2")
    arn = elb.create_target_group(Name="shop", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    cloud, notes = sessions.noted(table, Brakes(table, time.time))("hub", REGION, "op1")

    cloud.groups.delete("shop-v001")
    cloud.of(Balancers).delete_target_group("shop")

    assert notes.calls == [
        {
            "account": ACCOUNT,
            "service": "autoscaling",
            "call": "delete_auto_scaling_group",
            "parameters": {"AutoScalingGroupName": "shop-v001", "ForceDelete": True},
        },
        {
            "account": ACCOUNT,
            "service": "elbv2",
            "call": "delete_target_group",
            "parameters": {"TargetGroupArn": arn},
        },
    ]
    assert len(elb.describe_target_groups()["TargetGroups"]) == 1


def test_a_scribe_is_told_no_secret() -> None:
    table = MemoryTable()
    accounts.put(table, Account("hub", ACCOUNT, (REGION,)))
    cloud, _ = sessions.noted(table, Brakes(table, time.time))("hub", REGION, "op1")

    with pytest.raises(Rejected, match="it takes userData from the request, which is shown to nobody"):
        cloud.secrets.text("userData")
