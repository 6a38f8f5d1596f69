"""The Reader: reads all server groups of an account's Region, and an application's load balancers, and keeps them.

The API has no role in the clouds: it asks this function, which may read them and nothing else, and shows what it kept.
It may be asked twice, run twice at a time, and die anywhere: an older reading never replaces a newer one, and the time
of a reading is written last.
"""

import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, islice

from lambdas import fleet
from lambdas.cloud import Cloud, Health
from lambdas.errors import NotFound, Throttled, WindlassError
from lambdas.fleet import Looked, Looks, Seen, Target
from lambdas.hub import Hub
from lambdas.table import Below, Delete, Item, Key, Put, Refused, Update, Write

logger = logging.getLogger("windlass.reader")
READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "ec2:DescribeLaunchTemplateVersions",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)
RECENT = 15.0
"""Seconds in which a reading is not repeated, whoever asks."""
ALONE = 60.0
"""Seconds that one Reader has all groups of a Region to itself; then it is taken for dead."""
MOST_BALANCERS, MOST_TEMPLATES = 100, 50
"""Read at once, longest unread first: half of a full bucket of the load balancers' API (`families.py`) and what
refills meanwhile."""
AT_ONCE = 25
"""Rows of one transaction: 25 of 60 KB stay within its 4 MB."""
REASON = 200


@dataclass(frozen=True)
class Wanted:
    """Which application of which place."""

    account: str
    region: str
    application: str


def read(hub: Hub, wanted: Wanted, until: float) -> None:
    """Read what is not recent, as far as time goes; why something could not be read is kept and shown."""
    try:
        cloud = hub.cloud(wanted.account, wanted.region, "")
        _all_groups(hub, wanted, cloud)
    except WindlassError as error:
        logger.warning("%s/%s cannot be read: %s", wanted.account, wanted.region, type(error).__name__)
        return _fails(hub, fleet.place_key(wanted.account, wanted.region), error)
    return _looks(hub, wanted, cloud, until)


def _all_groups(hub: Hub, wanted: Wanted, cloud: Cloud) -> None:
    """All groups of the Region: Auto Scaling does not list by name, so one application costs as much as all."""
    key, began = fleet.place_key(wanted.account, wanted.region), hub.now()
    if (hub.table.get(key) or {}).get("as_of", 0.0) > began - RECENT:
        return
    try:
        hub.table.write(Update(key, {"reading": began + ALONE}, when=(Below("reading", began),)))
    except Refused:
        return  # Another Reader is at it.
    groups = sorted(map(fleet.seen, cloud.groups.all()), key=lambda one: (one.application, one.cluster, one.name))
    _keep(hub, wanted, groups, began)
    done = {"as_of": began, "groups": len(groups), "reading": None, "error": None}
    with suppress(Refused):
        hub.table.write(Update(key, done, when=(Below("as_of", began),)))


def _keep(hub: Hub, wanted: Wanted, groups: Iterable[Seen], began: float) -> None:
    """Write the rows of the applications of which anything has changed, then what all of them hold."""
    key = fleet.digests_key(wanted.account, wanted.region)
    row = hub.table.get(key)
    known: dict[str, str] = fleet.unpacked(row["packed"]) if row else {}
    found = {name: fleet.rows_of([*some]) for name, some in groupby(groups, key=lambda one: one.application)}
    digests = {name: _digest(rows) for name, rows in found.items()}
    if digests == known:
        return
    _written(hub, _changes(wanted, found, digests, known, began))
    with suppress(Refused):
        hub.table.write(Put(key, {"packed": fleet.packed(digests), "as_of": began}, (Below("as_of", began),)))


def _changes(
    wanted: Wanted, found: Mapping[str, list[Item]], digests: Mapping[str, str], known: Mapping[str, str], began: float
) -> Iterator[Write]:
    newer = (Below("as_of", began),)
    for name in sorted({*known, *found}):
        if known.get(name) == digests.get(name):
            continue
        rows = found.get(name, [])
        for number, row in enumerate(rows):
            key = fleet.groups_key(wanted.account, wanted.region, name, number)
            yield Put(key, row | {"as_of": began}, newer)
        for number in range(len(rows), _count(known.get(name))):
            yield Delete(fleet.groups_key(wanted.account, wanted.region, name, number), newer)
            yield Delete(fleet.looks_key(wanted.account, wanted.region, name, number), newer)


def _written(hub: Hub, writes: Iterator[Write]) -> None:
    """Some at a time; where a newer reading was quicker with one of them, each by itself."""
    while some := list(islice(writes, AT_ONCE)):
        try:
            hub.table.write(*some)
        except Refused:
            for one in some:
                with suppress(Refused):
                    hub.table.write(one)


def _digest(rows: list[Item]) -> str:
    """How many rows, and of what."""
    text = "".join(row["packed"] for row in rows)
    return f"{len(rows)}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _count(digest: str | None) -> int:
    return int(digest.partition(":")[0]) if digest else 0


def _looks(hub: Hub, wanted: Wanted, cloud: Cloud, until: float) -> None:
    """The application's load balancers and images."""
    place, began = (wanted.account, wanted.region, wanted.application), hub.now()
    parts = [fleet.groups_in(row) for row in fleet.group_rows(hub.table, *place)]
    groups = [group for part in parts for group in part]
    if not groups:
        return
    known = fleet.all_looks(hub.table, *place)
    balancers, missing = _balancers(hub, cloud, groups, known, until)
    found = Looks(balancers, _images(hub, cloud, groups, known, until), missing)
    for number, part in enumerate(parts):
        row = {"packed": fleet.packed(fleet.looks_for(found, part)), "as_of": began}
        with suppress(Refused):
            hub.table.write(Put(fleet.looks_key(*place, number), row, (Below("as_of", began),)))


def _balancers(
    hub: Hub, cloud: Cloud, groups: Iterable[Seen], known: Looks, until: float
) -> tuple[dict[str, Looked], dict[str, str]]:
    """What stands behind each of them, and why one could not be read."""
    own = {instance for group in groups for instance, _, _ in group.instances}
    names = dict.fromkeys(name for group in groups for name in group.balancers)
    looked, missing = {name: known.balancers[name] for name in names if name in known.balancers}, dict[str, str]()
    for name in sorted(names, key=lambda name: looked[name].at if name in looked else 0.0)[:MOST_BALANCERS]:
        if hub.now() >= until:
            break
        try:
            looked[name] = Looked(hub.now(), _targets(_health(cloud, name), own))
        except NotFound:
            looked.pop(name, None)
            missing[name] = "it is gone"
        except WindlassError as error:
            missing[name] = _said(error)
            if isinstance(error, Throttled):
                break
    return looked, missing


def _health(cloud: Cloud, name: str) -> tuple[Health, ...]:
    balancers = cloud.load_balancers
    return balancers.target_health(name) if name.startswith("arn:") else balancers.classic_health(name)


def _targets(health: Iterable[Health], own: Collection[str]) -> list[Target]:
    """Others' instances are behind the same load balancers."""
    return [Target(one.instance, one.healthy, one.reason[:REASON]) for one in health if one.instance in own]


def _images(hub: Hub, cloud: Cloud, groups: Iterable[Seen], known: Looks, until: float) -> dict[str, str]:
    """By template. A version and a configuration never change; what `$Default` and `$Latest` stand for may."""
    names = dict.fromkeys(group.template for group in groups if group.template)
    images = {name: known.images[name] for name in names if name in known.images}
    unread = [name for name in names if name not in images] + [name for name in images if "@$" in name]
    configurations = [name for name in unread if "@" not in name][:MOST_TEMPLATES]
    with suppress(WindlassError):  # An image that is not known yet is read at the next look.
        images |= cloud.groups.configured(configurations) if configurations else {}
    for name in [name for name in unread if "@" in name][:MOST_TEMPLATES]:
        if hub.now() >= until:
            break
        template, _, version = name.partition("@")
        try:
            images[name] = cloud.launch_templates.image(template, version)
        except NotFound:
            images.pop(name, None)
        except WindlassError:
            break
    return images


def _fails(hub: Hub, key: Key, error: WindlassError) -> None:
    hub.table.write(Update(key, {"reading": None, "error": _said(error), "failed": hub.now()}))


def _said(error: WindlassError) -> str:
    return f"{type(error).__name__}: {error}"[:REASON]
