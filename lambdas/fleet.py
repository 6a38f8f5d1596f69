"""The fleet: what Windlass keeps of all server groups of an account's Region, so that they can be shown at once.

It is a copy, as old as it says: nothing is decided on it. The clouds are read by the function `Reader` (`reader.py`),
when somebody asks for an application (`api/clusters.py`). A partition for each account's Region holds

    place                 when all its groups were read last, and why they could not be since
    digests               of each application, what its rows hold: only what has changed is written again
    groups#<app>#<nn>     the application's groups by cluster, packed: a hundred of them are a row of some kilobytes
    looks#<app>#<nn>      the load balancers and images of that row's groups, each with the time of its reading
    asked#<app>           when somebody last made the Reader read it
"""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from lambdas.cloud import Group
from lambdas.naming import cluster_of, moniker
from lambdas.table import Item, Key, Table

OF_A_ROW = 500
"""Groups of one row: some 30 KB, with two instances each; an item may have 400 KB. A page unpacks what it shows."""


class Seen(NamedTuple):
    """A server group as it was read."""

    name: str
    capacity: tuple[int, int, int]
    """Minimum, desired, maximum."""
    instances: Sequence[tuple[str, str, bool]]
    """Id, Auto Scaling's lifecycle state, whether it is healthy to Auto Scaling."""
    suspended: Sequence[str]
    target_groups: Sequence[str]
    load_balancers: Sequence[str]
    template: str | None
    """`name@version` of its launch template, or the name of its launch configuration."""
    operation: str | None
    """Which operation made it."""
    deleting: bool

    @property
    def cluster(self) -> str:
        return cluster_of(self.name)

    @property
    def application(self) -> str:
        return moniker(self.name)[0]

    @property
    def balancers(self) -> tuple[str, ...]:
        """ARNs of target groups, and names of classic load balancers."""
        return (*self.target_groups, *self.load_balancers)


class Target(NamedTuple):
    """An instance behind a load balancer."""

    instance: str
    healthy: bool
    reason: str


class Looked(NamedTuple):
    """One load balancer."""

    at: float
    targets: Sequence[Target]


class Looks(NamedTuple):
    """What was read for an application besides its groups."""

    balancers: Mapping[str, Looked]
    images: Mapping[str, str]
    """By `Seen.template`."""
    missing: Mapping[str, str]
    """Why a load balancer could not be read."""


def seen(group: Group) -> Seen:
    """What is kept of a group."""
    size, settings = group.capacity, group.settings
    versioned = f"{group.launch_template}@{group.launch_template_version}" if group.launch_template else None
    return Seen(
        group.name,
        (size.min, size.desired, size.max),
        tuple((one.id, one.lifecycle, one.healthy) for one in group.instances),
        tuple(sorted(group.suspended)),
        settings.target_groups,
        settings.load_balancers,
        versioned or group.launch_configuration,
        group.operation,
        group.deleting,
    )


def partition(account: str, region: str) -> str:
    return f"fleet#{account}/{region}"


def place_key(account: str, region: str) -> Key:
    return Key(partition(account, region), "place")


def digests_key(account: str, region: str) -> Key:
    return Key(partition(account, region), "digests")


def groups_key(account: str, region: str, application: str, number: int) -> Key:
    return Key(partition(account, region), f"{_groups(application)}{number:02}")


def looks_key(account: str, region: str, application: str, number: int) -> Key:
    return Key(partition(account, region), f"{_looks(application)}{number:02}")


def asked_key(account: str, region: str, application: str) -> Key:
    return Key(partition(account, region), f"asked#{_quoted(application)}")


def group_rows(table: Table, account: str, region: str, application: str) -> list[Item]:
    """The application's groups as they were read last, row by row, in order of cluster and name."""
    return table.of(partition(account, region), _groups(application))


def groups_in(row: Item) -> list[Seen]:
    return [Seen(*one) for one in unpacked(row["packed"])]


def groups_from(rows: Sequence[Item], begin: str, most: int) -> tuple[list[int], list[Seen]]:
    """The groups of the first clusters from that name on, at least one cluster more than `most` if there are more.

    Answers in which rows they are as well: the rest is not unpacked.
    """
    numbers, found = list[int](), list[Seen]()
    for number, row in enumerate(rows):
        if row["last"] < begin:
            continue
        numbers.append(number)
        found += [one for one in groups_in(row) if one.cluster >= begin]
        if len({one.cluster for one in found}) > most:
            break
    return numbers, found


def looks_of(table: Table, account: str, region: str, application: str, numbers: Iterable[int]) -> Looks:
    """What was read for the groups of these rows."""
    keys = (looks_key(account, region, application, number) for number in numbers)
    return _joined(row for key in keys if (row := table.get(key)) is not None)


def all_looks(table: Table, account: str, region: str, application: str) -> Looks:
    return _joined(table.of(partition(account, region), _looks(application)))


def _joined(rows: Iterable[Item]) -> Looks:
    balancers, images, missing = dict[str, Looked](), dict[str, str](), dict[str, str]()
    for row in rows:
        some, more_images, more_missing = unpacked(row["packed"])
        balancers |= {name: Looked(at, [Target(*one) for one in targets]) for name, (at, targets) in some.items()}
        images |= more_images
        missing |= more_missing
    return Looks(balancers, images, missing)


def looks_for(looks: Looks, groups: Iterable[Seen]) -> Looks:
    """What of it these groups need."""
    names, templates = set[str](), set[str | None]()
    for one in groups:
        names.update(one.balancers)
        templates.add(one.template)
    return Looks(
        {name: one for name, one in looks.balancers.items() if name in names},
        {name: one for name, one in looks.images.items() if name in templates},
        {name: why for name, why in looks.missing.items() if name in names},
    )


def rows_of(groups: Sequence[Seen]) -> list[Item]:
    """The rows of one application's groups, which come in order of cluster and name."""
    parts = (groups[first : first + OF_A_ROW] for first in range(0, len(groups), OF_A_ROW))
    return [{"packed": packed(some), "count": len(some), "last": some[-1].cluster} for some in parts]


def packed(value: Any) -> str:
    """JSON, compressed: names and ids of a fleet repeat themselves, and DynamoDB bills each kilobyte."""
    text = json.dumps(value, separators=(",", ":"))
    return base64.b85encode(zlib.compress(text.encode())).decode()


def unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b85decode(text)))


def _groups(application: str) -> str:
    return f"groups#{_quoted(application)}#"


def _looks(application: str) -> str:
    return f"looks#{_quoted(application)}#"


def _quoted(application: str) -> str:
    """Whatever people call their groups, no name looks like another's row."""
    return quote(application, safe="")
