"""DNS records: what Route 53 and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud.records import Record, Records
from lambdas.errors import NotFound
from tests.contract.recording import seeding
from tests.contract.worlds import AwsWorld, World

BLUE = Record("api.example.com.", "CNAME", ("blue.example.com",), 300)
GREEN = Record("api.example.com.", "CNAME", ("green.example.com",), 60)


@pytest.fixture
def records(world: World) -> Records:
    if isinstance(world, AwsWorld):
        seeding("route53").create_hosted_zone(Name="example.com", CallerReference="once")
    return world.cloud.of(Records)


def test_a_zone_is_found_by_its_name_with_and_without_a_dot(records: Records) -> None:
    assert records.zone("example.com") == records.zone("example.com.") != ""


def test_a_zone_that_is_not_there_is_not_found(records: Records) -> None:
    with pytest.raises(NotFound, match=r"example\.org"):
        records.zone("example.org")


def test_a_record_is_made_and_replaced_by_the_same_call(records: Records) -> None:
    zone = records.zone("example.com")
    for record in (BLUE, GREEN, GREEN):
        records.put(zone, record)

    assert records.find(zone, "api.example.com", "CNAME") == GREEN


def test_a_record_of_another_name_or_type_is_not_found(records: Records) -> None:
    zone = records.zone("example.com")
    records.put(zone, BLUE)

    for name, kind in (("www.example.com", "CNAME"), ("api.example.com", "A"), ("zzz.example.com", "CNAME")):
        with pytest.raises(NotFound):
            records.find(zone, name, kind)


def test_only_the_very_record_is_deleted(records: Records) -> None:
    zone = records.zone("example.com")
    records.put(zone, GREEN)

    with pytest.raises(NotFound):
        records.delete(zone, BLUE)
    records.delete(zone, GREEN)
    with pytest.raises(NotFound):
        records.find(zone, "api.example.com", "CNAME")
