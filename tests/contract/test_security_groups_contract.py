"""Security groups: what EC2 and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud.security_groups import Rule, SecurityGroup, SecurityGroups
from lambdas.errors import AlreadyExists, Conflict, NotFound
from rehearsal.fake_cloud.security_groups import attach
from tests.contract.recording import seeding
from tests.contract.worlds import AwsWorld, FakeWorld, World

WEB = Rule("tcp", 80, 80, "0.0.0.0/0", "everybody")
SIX = Rule("udp", 53, 53, "2001:db8::/32")
EVERYTHING = Rule("-1", -1, -1, "10.0.0.0/8")
GONE = "sg-00000000000000000"
TAGS = (("owner", "shop"), ("windlass:operation", "op1"))


@pytest.fixture
def groups(world: World) -> SecurityGroups:
    return world.cloud.of(SecurityGroups)


@pytest.fixture
def vpc(world: World) -> str:
    return world.cloud.network.security_groups([world.region.security_group])[0].vpc


def made(groups: SecurityGroups, vpc: str, *rules: Rule, name: str = "shop-api") -> SecurityGroup:
    groups.create(vpc, name, "of the API", TAGS)
    found = groups.find(vpc, name)
    if rules:
        groups.authorize(found.id, rules)
    return groups.find(vpc, name)


def test_a_group_is_made_without_inbound_rules_and_found_by_its_name(groups: SecurityGroups, vpc: str) -> None:
    found = made(groups, vpc)

    assert (found.name, found.vpc, found.description, found.rules, found.tags) == (
        *("shop-api", vpc, "of the API", ()),
        TAGS,
    )
    assert groups.ids(vpc, ["shop-api", "nobody"]) == {"shop-api": found.id}


def test_names_are_a_vpcs_own(groups: SecurityGroups, vpc: str) -> None:
    made(groups, vpc)

    with pytest.raises(AlreadyExists):
        groups.create(vpc, "shop-api", "once more", TAGS)
    for where, name in ((vpc, "shop-ap"), ("vpc-00000000000000000", "shop-api")):
        with pytest.raises(NotFound):
            groups.find(where, name)
    assert groups.ids("vpc-00000000000000000", ["shop-api"]) == {}
    assert groups.ids(vpc, []) == {}


def test_rules_of_every_kind_of_source_are_authorized_and_read_back(
    world: World, groups: SecurityGroups, vpc: str
) -> None:
    other = Rule("tcp", 443, 443, world.region.security_group)

    found = made(groups, vpc, WEB, SIX, EVERYTHING, other)

    assert set(found.rules) == {WEB, SIX, EVERYTHING, other}
    assert list(found.rules) == sorted(found.rules, key=lambda one: one.permission)


def test_a_rule_that_is_there_refuses_the_whole_batch(groups: SecurityGroups, vpc: str) -> None:
    found = made(groups, vpc, WEB)

    with pytest.raises(AlreadyExists):
        groups.authorize(found.id, [SIX, Rule(*WEB.permission, "another word for it")])
    assert groups.find(vpc, "shop-api").rules == (WEB,)


def test_rules_are_revoked_whatever_their_descriptions(groups: SecurityGroups, vpc: str) -> None:
    found = made(groups, vpc, WEB, SIX)

    groups.revoke(found.id, [Rule(*WEB.permission, "somebody")])

    assert groups.find(vpc, "shop-api").rules == (SIX,)
    with pytest.raises(NotFound):
        groups.revoke(found.id, [WEB])


def test_descriptions_change_and_go(groups: SecurityGroups, vpc: str) -> None:
    found = made(groups, vpc, WEB, Rule(*SIX.permission, "names"))

    groups.describe(found.id, [Rule(*WEB.permission, "the world"), SIX])

    assert {one.description for one in groups.find(vpc, "shop-api").rules} == {"the world", ""}


def test_tags_are_put_and_taken(groups: SecurityGroups, vpc: str) -> None:
    found = made(groups, vpc)

    groups.tag(found.id, (("owner", "api"), ("team", "api")))
    groups.untag(found.id, ["windlass:operation", "never there"])

    assert groups.find(vpc, "shop-api").tags == (("owner", "api"), ("team", "api"))


def test_a_group_that_is_not_there_is_not_found(groups: SecurityGroups) -> None:
    for change in (groups.authorize, groups.revoke, groups.describe):
        with pytest.raises(NotFound):
            change(GONE, [WEB])
    with pytest.raises(NotFound):
        groups.tag(GONE, TAGS)
    with pytest.raises(NotFound):
        groups.delete(GONE)


def test_a_group_that_a_rule_names_stays_until_the_rule_goes(groups: SecurityGroups, vpc: str) -> None:
    used, using = made(groups, vpc), made(groups, vpc, name="shop-web-2")
    rule = Rule("tcp", 1, 2, used.id)
    groups.authorize(used.id, [rule])
    groups.authorize(using.id, [rule])

    assert groups.dependents(used.id) == (f"a rule of security group shop-web-2 ({using.id})",)
    with pytest.raises(Conflict):
        groups.delete(used.id)
    groups.revoke(using.id, [rule])
    assert groups.dependents(used.id) == ()
    groups.delete(used.id)
    with pytest.raises(NotFound):
        groups.find(vpc, "shop-api")


def test_a_network_interface_in_it_is_told(world: World, groups: SecurityGroups, vpc: str) -> None:
    found = made(groups, vpc)
    interface = _interface(world, found.id)

    assert groups.dependents(found.id) == (f"network interface {interface} (not described)",)


def _interface(world: World, group: str) -> str:
    if isinstance(world, AwsWorld):
        made = seeding("ec2").create_network_interface(SubnetId=world.region.subnets[0], Groups=[group])
        return str(made["NetworkInterface"]["NetworkInterfaceId"])
    assert isinstance(world, FakeWorld)
    attach(world.place, "eni-1", group)
    return "eni-1"
