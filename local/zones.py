"""Availability zones: of us-west-1's three every account sees two, and this one those that recorded requests name."""

from __future__ import annotations

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone

REGION = "us-west-1"


def install() -> None:
    """Before the Region is first asked for: its default subnets lie in its zones."""
    ids = {"us-west-1a": "usw1-az3", "us-west-1c": "usw1-az1"}
    RegionsAndZonesBackend.zones[REGION] = [Zone(name=name, region_name=REGION, zone_id=ids[name]) for name in ids]
