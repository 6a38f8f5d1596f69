import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambdas.accounts import Account, AccountHook, Limits, Protected, find
from rehearsal.memory_table import MemoryTable
from stacks import ROOT
from stacks.accounts import main, parse, seed

GOOD = {"name": "prod", "id": "222222222222", "regions": ["us-east-1"]}


def test_the_example_is_a_file_of_accounts() -> None:
    hub, prod = parse((ROOT / "accounts.example.json").read_text())

    assert (hub.role, hub.environment) == (None, "test")
    assert prod.protected == (Protected("shop", "prod"), Protected("cart", "*", "", "us-*"))
    assert [one.heartbeat_timeout for one in prod.hooks] == [120]
    assert (prod.role, prod.external_id) == ("arn:aws:iam::222222222222:role/windlass-target", "windlass-prod")


def test_a_seeded_account_is_found_again() -> None:
    table, account = MemoryTable(), Account("prod", "222222222222", ("us-east-1",), environment="prod")
    account = replace(account, protected=(Protected("shop", detail=""),), limits=Limits(groups=5))
    account = replace(account, hooks=(AccountHook("autoscaling:EC2_INSTANCE_TERMINATING", "arn:role", "arn:topic"),))

    seed(table, [account])
    seed(table, [account])

    assert find(table, "prod") == account


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": "22"}, "account 1: id '22' does not match"),
        ({"regions": []}, r"account 1: regions \[\] is not a list of at least one Region"),
        ({"regions": ["mars"]}, "account 1: Region 'mars' does not look like us-east-1"),
        ({"role": "arn:aws:iam::222222222222:role/admin"}, "account 1: role .* does not match .*windlass-"),
        ({"protectedClusters": {}}, "account 1: protectedClusters {} is not a list of objects"),
        ({"protectedClusters": [{"stack": "prod"}]}, "account 1: protected cluster .* with an application"),
        ({"protectedClusters": [{"application": "shop", "stak": "prod"}]}, "texts named application, detail, region"),
        ({"brake": []}, r"account 1: brake \[\] is not an object of groups and percent"),
        ({"brake": {"percent": 101}}, "account 1: brake: percent is a whole number from 0 to 100, not 101"),
        ({"brake": {"groups": True}}, "account 1: brake: groups is a whole number from 0 to 100, not True"),
        ({"plays": []}, r"account 1: plays \[\] is not an object"),
        (
            {"plays": {"discovery": "Eureka"}},
            "account 1: plays: discovery is module:Class or module:Class@address, not",
        ),
        ({"lifecycleHooks": {}}, "account 1: lifecycleHooks {} is not a list of objects"),
        ({"lifecycleHooks": [{"roleARN": "arn"}]}, "account 1: lifecycle hook .* with a lifecycleTransition"),
        ({"colour": "red"}, "account 1: colour is unknown"),
    ],
)
def test_a_mistake_is_named_with_its_account(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse(json.dumps([GOOD | change]))


def test_an_account_may_say_who_plays_a_noun() -> None:
    (account,) = parse(json.dumps([GOOD | {"plays": {"discovery": "ours.eureka:Eureka@https://eureka.example.com"}}]))

    assert account.plays == (("discovery", "ours.eureka:Eureka@https://eureka.example.com"),)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match=r"account 2: lacks id\naccount 2: lacks name"):
        parse(json.dumps([GOOD, {"regions": ["us-east-1"]}]))


def test_a_file_with_a_mistake_seeds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps([GOOD, GOOD | {"id": "x"}]))

    assert main([str(file), "--table", "none", "--region", "us-east-1", "--endpoint", "http://127.0.0.1:9"]) == 1
    assert "account 2: id 'x'" in capsys.readouterr().err
