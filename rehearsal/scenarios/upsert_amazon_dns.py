"""upsertAmazonDNS as it is rehearsed: a record that stands is pointed elsewhere, and one that does not is made."""

from dataclasses import replace

from lambdas.cloud.records import Record
from rehearsal.fake_cloud.records import ZONES, put
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

STANDING = Record("api.example.com.", "CNAME", ("blue.example.com",), 300)


def pointed(world: World) -> None:
    """A name that points somewhere already."""
    furnished(world)
    put(world.cloud.place(ACCOUNT, REGION), ZONES["example.com."], STANDING)


REPOINTS = Scenario(
    "upsertAmazonDns",
    "upsertAmazonDns",
    {
        **WHERE,
        "name": "api.example.com",
        "type": "CNAME",
        "target": "green.example.com",
        "hostedZoneName": "example.com",
    },
    pointed,
)
POINTS = replace(REPOINTS, name="upsertAmazonDns/new", prepare=furnished)

SCENARIOS = (REPOINTS, POINTS)
