"""What a smoke needs and compares; the acts themselves are played by `make smoke-dry`."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from moto.ec2.models import ec2_backends

from smoke import bill, sandbox
from smoke.__main__ import LONGEST, main
from smoke.places import Place, Refused, real
from smoke.records import Record, differences

ACCOUNT = "123456789012"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        # moto keeps the Region of an earlier test, emptied while that test had the public images switched off.
        monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "true")
        ec2_backends[ACCOUNT]["us-east-1"].reset()
        yield Place("AWS", boto3.Session(region_name="us-east-1"), ACCOUNT, "us-east-1", tmp_path)


@pytest.mark.parametrize("arguments", [[], ["--dry-run", "--account", ACCOUNT]])
def test_where_it_is_played_has_to_be_said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "--account 123456789012 for AWS, or --dry-run" in capsys.readouterr().err


def test_nothing_is_done_in_another_account_than_the_one_named(place: Place, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="of account 123456789012, not of 999999999999: nothing was done"):
        real(tmp_path, "999999999999", profile=None, region="us-east-1")


def test_the_sandbox_is_removed_whole_even_twice(place: Place) -> None:
    before = _there(place)

    made = sandbox.made(place)
    assert len(made.subnets) == 2
    assert len(sandbox.left(place)) == 3
    sandbox.removed(place)
    sandbox.removed(place)

    assert sandbox.left(place) == []
    assert _there(place) == before


def test_without_a_default_vpc_it_says_how_to_get_one(place: Place) -> None:
    ec2 = place.client("ec2")
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    ec2.delete_vpc(VpcId=vpc["VpcId"])

    with pytest.raises(Refused, match="aws ec2 create-default-vpc --region us-east-1"):
        sandbox.made(place)


def test_what_differs_from_run_to_run_is_no_difference() -> None:
    here = _record(did="launched i-0123456789abcdef0 in us-east-1a at 2026-01-01T00:00:00Z, 3 s", seconds=12)
    there = _record(did="launched i-0f0f0f0f0f0f0f0f0 in us-east-1b at 2026-11-11T11:11:11Z, 41 s", seconds=12)

    assert differences(here, there) == []


def test_every_other_difference_is_told_with_its_place() -> None:
    here, there = _record(did="scaled to 1/1/2", seconds=12), _record(did="scaled to 1/2/2", seconds=300)

    found = [(one.where, one.here, one.there) for one in differences(here, there)]

    assert found == [
        ("cloud[0].group.DefaultCooldown", "12", "300"),
        ("did.ScaleUp", "scaled to 1/1/2", "scaled to 1/2/2"),
    ]


def test_what_only_one_place_has_is_a_difference() -> None:
    here = _record(did="scaled", seconds=1)
    there = Record("deploy", "SUCCEEDED", ["Plan", "Succeeded"], {}, cloud=here.cloud)

    found = {one.where: (one.here, one.there) for one in differences(here, there)}

    assert found["did.ScaleUp"] == ("scaled", None)


def test_it_costs_less_than_a_dollar() -> None:
    assert bill.at_most(LONGEST) < 1


def _record(*, did: str, seconds: int) -> Record:
    group = {"DefaultCooldown": seconds}
    return Record("deploy", "SUCCEEDED", ["Plan", "Succeeded"], {"ScaleUp": did}, cloud=[{"group": group}])


def _there(place: Place) -> dict[str, int]:
    ec2, balancing = place.client("ec2"), place.client("elbv2")
    return {
        "groups": len(ec2.describe_security_groups()["SecurityGroups"]),
        "balancers": len(balancing.describe_load_balancers()["LoadBalancers"]),
        "targets": len(balancing.describe_target_groups()["TargetGroups"]),
        "tags": len(ec2.describe_tags()["Tags"]),
    }
