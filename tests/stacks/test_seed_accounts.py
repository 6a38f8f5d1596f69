import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambdas.accounts import Account, AccountHook, Limits, Protected, find
from lambdas.table import Key
from rehearsal.memory_table import MemoryTable
from stacks import ROOT
from stacks.accounts import main, parse, seed

GOOD = {"name": "prod", "id": "222222222222", "regions": ["us-east-1"], "environment": "prod"}


def test_the_example_is_a_file_of_accounts() -> None:
    hub, prod = parse((ROOT / "accounts.example.json").read_text())

    assert (hub.role, hub.environment) == (None, "test")
    assert prod.protected == (Protected("shop", "prod"), Protected("cart", "*", "", "us-*"))
    assert [one.heartbeat_timeout for one in prod.hooks] == [120]
    assert (prod.role, prod.external_id) == ("arn:aws:iam::222222222222:role/windlass-target", "windlass/prod")


def test_a_seeded_account_is_found_again() -> None:
    table, account = MemoryTable(), Account("prod", "222222222222", ("us-east-1",), environment="prod")
    account = replace(account, protected=(Protected("shop", detail=""),), limits=Limits(groups=5))
    account = replace(account, hooks=(AccountHook("autoscaling:EC2_INSTANCE_TERMINATING", "arn:role", "arn:topic"),))

    seed(table, [account])
    seed(table, [account])

    assert find(table, "prod") == replace(account, version=1)
    (did,) = (table.get(Key("account#prod", "acts")) or {})["acts"]
    assert (did["by"], did["did"].partition(":")[0]) == ("a seed file", "opted account prod in")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "prod.eu"}, "account 1: name: 'prod.eu' does not match"),
        ({"name": 7}, "account 1: name: 7 does not match"),
        ({"id": "22"}, "account 1: id: String should match pattern"),
        ({"regions": []}, "account 1: regions: Tuple should have at least 1 item"),
        ({"regions": ["us-east-1", "mars"]}, r"account 1: regions\.1: String should match pattern"),
        ({"role": "arn:aws:iam::222222222222:role/admin"}, "account 1: role: String should match .*windlass-"),
        ({"role": "arn:aws:iam::333333333333:role/windlass-x"}, "account 1: role: .* is of account 333333333333, not"),
        ({"externalId": "windlass/prod"}, "account 1: externalId: is said to a role, and there is none"),
        ({"protectedClusters": {}}, "account 1: protectedClusters: should be a valid tuple"),
        ({"protectedClusters": [{"stack": "prod"}]}, r"account 1: protectedClusters\.0\.application: is required"),
        (
            {"protectedClusters": [{"application": "a", "stak": "x"}]},
            r"protectedClusters\.0\.stak: is not a known field",
        ),
        ({"brake": []}, "account 1: brake: should be .*object|account 1: brake: should be a valid dictionary"),
        ({"brake": {"percent": 101}}, r"account 1: brake\.percent: should be less than or equal to 100"),
        ({"brake": {"groups": True}}, r"account 1: brake\.groups: should be a valid integer"),
        ({"plays": []}, "account 1: plays: should be a valid dictionary"),
        ({"plays": {"discovery": "Eureka"}}, r"account 1: plays\.discovery: String should match pattern"),
        ({"lifecycleHooks": [{"roleARN": "arn"}]}, r"account 1: lifecycleHooks\.0\.lifecycleTransition: is required"),
        ({"colour": "red"}, "account 1: colour: is not a known field; known are brake, environment"),
        ({"ids": "red"}, r"account 1: ids: is not a known field; did you mean id\?"),
    ],
)
def test_a_mistake_is_named_with_its_account(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse(json.dumps([GOOD | change]))


def test_an_account_may_say_who_plays_a_noun() -> None:
    (account,) = parse(json.dumps([GOOD | {"plays": {"discovery": "ours.eureka:Eureka@https://eureka.example.com"}}]))

    assert account.plays == (("discovery", "ours.eureka:Eureka@https://eureka.example.com"),)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"account 2: name: is required\naccount 2: id: is required\naccount 2: environment: "
    ):
        parse(json.dumps([GOOD, {"regions": ["us-east-1"]}]))


def test_a_file_with_a_mistake_seeds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps([GOOD, GOOD | {"id": "x"}]))

    assert main([str(file), "--table", "none", "--region", "us-east-1", "--endpoint", "http://127.0.0.1:9"]) == 1
    assert "account 2: id: String should match" in capsys.readouterr().err


def test_the_external_id_goes_by_the_hub_and_the_account(tmp_path: Path) -> None:
    text = json.dumps([GOOD | {"role": "arn:aws:iam::222222222222:role/windlass-target"}])

    assert [one.external_id for one in (*parse(text), *parse(text, "staging"))] == ["windlass/prod", "staging/prod"]
