"""Policies are checked before anything is made of them, and what is wrong is said in words."""

from pathlib import Path

import pytest
from aws_cdk import App

from lambdas.authority import POLICIES, TEAMS
from stacks.policies import BadPolicies, check
from stacks.settings import Settings
from stacks.windlass import Windlass
from statemachines import ALL

GOOD = '@id("all") permit (principal, action, resource);'


def test_our_own_are_right() -> None:
    check(POLICIES, ALL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("permit (principal", "shop.cedar is not Cedar: unexpected end of input"),
        ("// nobody", "there is no policy: nobody might do anything"),
        ("permit (principal, action, resource);", 'policies without a name: 1; write @id("who-may-what") before each'),
        (GOOD + GOOD, "policy all: there are 2 of this name; give each its own"),
        (
            '@id("typo") permit (principal, action == Action::"creatServerGroup", resource);',
            'policy typo: unrecognized action `Action::"creatServerGroup"`',
        ),
        (
            '@id("typo") permit (principal, action in Action::"operate", resource) when { resource.acount == "prod" };',
            "policy typo: attribute `acount` on entity type `Operation` not found",
        ),
        (
            '@id("odd") permit (principal, action == Action::"freeze", resource) when { resource.region == "eu-1" };',
            "policy odd: attribute `region` on entity type `Freeze` not found",
        ),
        (
            '@id("late") forbid (principal, action, resource) when { context.hour > "18" };',
            "policy late: unexpected type: expected Long but saw String",
        ),
        ('@id("who") permit (principal in Group::"shop", action, resource);', "policy who: unrecognized entity type"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said_in_words(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "shop.cedar").write_text(text)

    with pytest.raises(BadPolicies) as refused:
        check(tmp_path, ALL)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("teams", "said"),
    [
        ("{", "teams.json is not JSON"),
        ('{"shop": "ann"}', "teams.json has to be an object of lists of texts"),
        ('{"shop": [7]}', "teams.json has to be an object of lists of texts"),
    ],
)
def test_so_is_what_is_wrong_with_teams(tmp_path: Path, teams: str, said: str) -> None:
    (tmp_path / "shop.cedar").write_text(GOOD)
    (tmp_path / TEAMS).write_text(teams)

    with pytest.raises(BadPolicies, match=said):
        check(tmp_path, ALL)


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPolicies, match=r"there is no \*.cedar in .*: without policies nobody may do anything"):
        check(tmp_path, ALL)


def test_no_stack_is_made_with_a_broken_policy(tmp_path: Path, layer: Path) -> None:
    (tmp_path / "shop.cedar").write_text("permit (principal")

    with pytest.raises(BadPolicies, match=r"shop.cedar is not Cedar"):
        Windlass(App(), settings=Settings(policies=tmp_path), layer=layer)


def test_a_folder_that_is_none_is_refused_with_the_remedy() -> None:
    node = App(context={"policies": "/nowhere"}).node

    with pytest.raises(ValueError, match=r"context policies='/nowhere' is no folder; name one that has \*.cedar"):
        Settings.of(node)


def test_the_policies_given_are_shipped_instead_of_ours(tmp_path: Path, layer: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.cedar").write_text(GOOD)
    app = App(outdir=str(tmp_path / "out"))

    Windlass(app, settings=Settings(policies=tmp_path / "mine"), layer=layer)
    app.synth()

    shipped = {path.name for path in tmp_path.glob("out/asset.*/policies/*")}
    assert shipped == {"mine.cedar"}


def test_ours_are_shipped_with_the_code(layer: Path, tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))

    Windlass(app, layer=layer)
    app.synth()

    shipped = {path.name for path in tmp_path.glob("asset.*/policies/*")}
    assert shipped == {path.name for path in POLICIES.iterdir()}
