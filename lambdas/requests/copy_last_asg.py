"""cloneServerGroup as Clouddriver's callers write it: a `BasicAmazonDeployDescription` of which anything may be absent.

Clouddriver validates nothing when it is submitted, and everything when it works (`CopyLastAsgAtomicOperation.java`).
Here what is said is judged at once, by the same rules and codes; what is inherited, when it is planned.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.accounts import Account
from lambdas.requests import Invalid, Json
from lambdas.requests.basic_amazon_deploy import PREFIX, BasicAmazonDeployDescription, dead, fields_of

INVENTED = (
    *("block_devices", "lifecycle_hooks", "license_specifications", "block_device_tags", "placement"),
    *("require_imds_v2", "enabled_metrics"),
)
"""What createServerGroup has a default for, and a clone inherits."""


def requests_of(description: Json, accounts: Mapping[str, Account], account: str) -> list[Json]:
    """The fields of one request for each Region, in order. Raises Invalid."""
    read, known = BasicAmazonDeployDescription.read(description), accounts.get(account)
    source = _source(read, account)
    regions = list(read.zones) or ([source["region"]] if source else [])
    if found := [*_problems(read, regions, known), *dead(description)]:
        raise Invalid(found)
    like = {"source": source} if source else {}
    return [_fields(read, account, region, known) | like for region in regions]


def _problems(read: BasicAmazonDeployDescription, regions: list[str], account: Account | None) -> Iterator[str]:
    if not regions:
        yield f"{PREFIX}.availabilityZones.empty"
    if account and not set(regions) <= set(account.regions):
        yield "Region not configured"
    for device in read.block_devices or ():
        yield from device.problems()
    if read.capacity:
        yield from read.capacity.problems()
    if read.pools_wrong():
        yield f"{PREFIX}.spotInstancePools.not.supported.for.spotAllocationStrategy"


def _source(read: BasicAmazonDeployDescription, account: str) -> Json:
    """An incomplete one is none: then the latest of the cluster is cloned."""
    source = read.source
    if source is None or not (source.region and source.asg_name):
        return {}
    return {"account": source.account or account, "region": source.region, "asg_name": source.asg_name}


def _fields(read: BasicAmazonDeployDescription, account: str, region: str, known: Account | None) -> Json:
    zoned = read if region in read.zones else read.model_copy(update={"availability_zones": {region: None}})
    made = fields_of(zoned, account, region, known)
    unsaid = [name for name in INVENTED if getattr(read, name) is None]
    unsaid += [] if zoned.zones[region] else ["zones"]
    unsaid += [] if read.stack else ["stack"]
    unsaid += [] if read.stack or read.free_form_details else ["free_form_details"]
    kept: dict[str, Any] = {name: value for name, value in made.items() if name not in (*unsaid, "capacity", "source")}
    sizes = read.capacity.model_dump(exclude_none=True) if read.capacity and not read.takes_capacity_over else {}
    price = {} if read.spot_price is None else {"spot_price": read.spot_price}
    return kept | ({"capacity": sizes} if sizes else {}) | price
