"""Security groups over HTTP, through the deployed functions and their roles."""

from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import Live, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

NAME = "wall-api"


def made_changed_and_deleted(live: Live) -> tuple[list[Json], Any, Any]:
    vpc = live.aws("ec2").describe_subnets(SubnetIds=live.subnets()[:1])["Subnets"][0]["VpcId"]
    where = {"account": "test", "region": "us-east-1", "vpcId": vpc}
    group = {**where, "name": NAME, "description": "of the API"}
    web = {"ipProtocol": "tcp", "startPort": 80, "endPort": 80, "cidr": "0.0.0.0/0"}
    itself = {"ipProtocol": "-1", "securityGroup": NAME}
    views = [live.run("upsertSecurityGroup", group | {"ingress": [web]})]
    views.append(live.run("upsertSecurityGroup", group | {"ingress": [itself]}))
    changed = _standing(live, vpc)
    views.append(live.run("deleteSecurityGroup", {**where, "securityGroupName": NAME}))
    return views, changed, _standing(live, vpc)


def _standing(live: Live, vpc: str) -> Any:
    named = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": [NAME]}]
    return live.aws("ec2").describe_security_groups(Filters=named)["SecurityGroups"]


@plays([made_changed_and_deleted])
def test_a_group_is_made_gets_other_rules_and_is_deleted(played: tuple[list[Json], Any, Any]) -> None:
    views, (changed,), gone = played

    assert [one["status"] for one in views] == ["SUCCEEDED"] * 3, [told(one) for one in views]
    (rule,) = changed["IpPermissions"]
    assert (rule["IpProtocol"], rule["UserIdGroupPairs"][0]["GroupId"]) == ("-1", changed["GroupId"])
    assert gone == []
