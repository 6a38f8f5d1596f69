"""What is right where others changed the same cloud while an operation was at work: told by who did what.

The fake cloud notes every change with its author: an operation, or nobody's, which is a stranger. So it is seen

* that an operation changes only what it made, or what it was asked to change and nothing else of it;
* that an undo puts nothing back over what somebody else has changed since;
* that no two operations work on one group at the same time, and none has two groups;
* that what an operation made is gone unless it succeeded, or calls a person;
* that whatever nobody else touched is as without rivals;
* that whoever did not succeed names what was taken from it;
* that all of them end, and give back their guards.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

from lambdas.rows import Status
from rehearsal.fake_cloud import Snapshot
from rehearsal.fake_cloud.snapshots import INSTANCES
from rehearsal.parties import ALARM, GROUP, TEMPLATE, Party, owner_of, party, what_is
from rehearsal.world import World

WRITES = {"resized": ("capacity", INSTANCES), "tagged": ("settings",)}
SUSPENDS = ("suspended processes", INSTANCES)
"""Attributes of a group that a deed changes; a group that was made or deleted is another one altogether."""


@dataclass(frozen=True)
class Verdict:
    orphans: tuple[str, ...]
    """What is otherwise than the ends say, though nobody was called."""
    wrong: str
    """What is wrong; empty where nothing is."""


class Contest:
    """The world at the end of a run with rivals, against what stood before and what stands after a run without any."""

    def __init__(
        self,
        world: World,
        before: Snapshot,
        after: Snapshot,
        made: str,
        right: frozenset[Status],
        unexplained: frozenset[Status],
    ) -> None:
        """`made` is the group that the run without rivals made; `right` the ends that may be, `unexplained` those
        that need no rival's deed as their reason."""
        self._world, self._before, self._after, self._made = world, before, after, made
        self._right, self._unexplained = right, unexplained
        self._now = world.cloud.snapshot()
        self._deeds = world.cloud.deeds
        self._parties = {one: party(world, one) for one in (world.operation, *world.others)}

    def verdict(self) -> Verdict:
        orphans = (*self._left_behind(), *self._otherwise())
        wrong = next(chain(self._ends(), self._conduct(), self._kept()), "")
        mine = self._parties[self._world.operation].control
        told = f"ended {mine.status}, but {orphans[0]}" if orphans else ""
        return Verdict(orphans, wrong or told)

    # How they ended.

    def _ends(self) -> Iterator[str]:
        for one in self._parties.values():
            status, error = one.control.status, one.control.error or ""
            if status not in self._right:
                yield f"{one.saga} {one.id} ended {status}: {error}"
            elif status not in self._unexplained and not self._explained(one, error):
                yield f"{one.saga} {one.id} ended {status} and names nothing that was taken from it: {error}"

    def _explained(self, one: Party, error: str) -> bool:
        foreign = [deed for deed in self._deeds if deed.operation != one.id and deed.kind == GROUP]
        names = {deed.name for deed in foreign}
        processes = {name for deed in foreign if type(deed.what) is tuple for name in deed.what}
        taken = any(deed.did == "deleted" and deed.name == one.own for deed in foreign)
        # What fails for hours tells what failed last, which may be another model's fault.
        return any(name in error for name in names | processes) or (taken and error.startswith("Exhausted"))

    # What they did.

    def _conduct(self) -> Iterator[str]:
        owners = dict(self._owners)
        for deed in self._deeds:
            key = (deed.kind, deed.name)
            author = self._parties.get(deed.operation)
            if deed.operation and (author is None or not author.may(deed, owners.get(key))):
                who = author.saga if author else "an operation of nobody's"
                yield f"{who} {deed.operation} {deed.did} {deed.kind} {deed.name}, not its own"
            if deed.did in ("created", "put"):
                owners[key] = deed.operation
        for name in sorted({deed.name for deed in self._deeds if deed.kind == GROUP}):
            yield from self._put_back_over(name)
            yield from self._at_once(name)
        yield from self._two_groups()

    @cached_property
    def _owners(self) -> dict[tuple[str, str], str]:
        """Of what stood before: the operation of its tag, or a stranger."""
        owners = {}
        for key, seen in self._before.items():
            kind, name = what_is(key)
            owners[kind, name] = owner_of(seen)
        return owners

    def _put_back_over(self, group: str) -> Iterator[str]:
        """An undo of a resize restores only what the resize has set. What changes between the undo's own look and its
        write, at the same moment here, no API of Auto Scaling keeps apart."""
        sized = [deed for deed in self._deeds if deed.did == "resized" and deed.name == group]
        for found, deed in pairwise(sized):
            author = self._parties.get(deed.operation)
            plan = author.plan if author and author.saga == "ResizeServerGroup" else {}
            before, target = (_shown(plan.get(one)) for one in ("before", "target"))
            undone = plan and str(deed.what) == before != target
            if undone and str(found.what) not in (target, before) and found.at < deed.at:
                yield f"{deed.operation} put {group} back to {deed.what} over {found.what}, which somebody else set"

    def _at_once(self, group: str) -> Iterator[str]:
        """From an operation's first deed on a group to its last, no other operation does anything to it."""
        authors = [deed.operation for deed in self._deeds if deed.kind == GROUP and deed.name == group]
        working = [one for n, one in enumerate(authors) if one and (n == 0 or authors[n - 1] != one)]
        order = [one for n, one in enumerate(working) if n == 0 or working[n - 1] != one]
        if len(order) > len(set(order)):
            yield f"{group} was worked on by several operations at once: {', '.join(order)}"

    def _two_groups(self) -> Iterator[str]:
        made = defaultdict(set)
        for deed in self._deeds:
            if deed.did == "created" and deed.kind == GROUP and deed.operation:
                made[deed.operation].add(deed.name)
        yield from (f"{one} made {', '.join(sorted(names))}" for one, names in made.items() if len(names) > 1)
        names = [plan["group"] for one in self._parties.values() if "cluster" in (plan := one.plan)]
        yield from (f"two operations planned for {name}" for name in sorted(set(names)) if names.count(name) > 1)

    # What stands.

    def _left_behind(self) -> Iterator[str]:
        """Of an operation that did not succeed, and called nobody."""
        gone = {
            one.id
            for one in self._parties.values()
            if one.control.status not in (Status.SUCCEEDED, Status.NEEDS_ATTENTION)
        }
        for key, seen in self._now.items():
            owner = owner_of(seen)
            if owner in gone:
                yield f"{key} of {owner} is there"

    def _otherwise(self) -> Iterator[str]:
        """What nobody but the operation under test had to do with, and is not as its end says."""
        mine = self._parties[self._world.operation]
        if mine.control.status is Status.NEEDS_ATTENTION:
            return
        should = self._before if mine.control.status is not Status.SUCCEEDED else self._as_planned(mine)
        for key in sorted(should.keys() | self._now.keys()):
            yield from self._told(key, should.get(key), self._now.get(key), mine)

    def _as_planned(self, mine: Party) -> Snapshot:
        """The cloud after a run without rivals, with the name that the new group has in this one."""
        name = str(mine.plan.get("group", ""))
        if not self._made or name == self._made:
            return self._after
        return {
            key.replace(self._made, name): {what: _renamed(value, self._made, name) for what, value in seen.items()}
            for key, seen in self._after.items()
        }

    def _told(
        self, key: str, was: Mapping[str, Any] | None, now: Mapping[str, Any] | None, mine: Party
    ) -> Iterator[str]:
        kind, name = what_is(key)
        if any(name == group or name.startswith(f"{group}-") for group in self._remade):
            return
        if was is None or now is None:
            if (kind, name) not in self._foreign:
                yield f"{key} {'was absent, is there' if was is None else 'was there, is absent'}"
            return
        excused = self._changed(name, mine) if kind == GROUP else ()
        for what in was:
            then, there = self._counted(was[what], what, kind), self._counted(now[what], what, kind)
            if what not in excused and then != there and repr(then) != repr(there):
                yield f"{key}: {what} was {then}, is {there}"

    @cached_property
    def _foreign(self) -> set[tuple[str, str]]:
        """What anybody but the operation under test made or deleted."""
        return {
            (deed.kind, deed.name)
            for deed in self._deeds
            if deed.operation != self._world.operation and deed.did in ("created", "put", "deleted")
        }

    @cached_property
    def _remade(self) -> set[str]:
        """Groups that anybody but the operation under test made or deleted: what goes with them is theirs too."""
        return {name for kind, name in self._foreign if kind == GROUP}

    @cached_property
    def _touched(self) -> set[str]:
        """Groups that anybody but the operation under test did something to."""
        return {deed.name for deed in self._deeds if deed.kind == GROUP and deed.operation != self._world.operation}

    def _changed(self, group: str, mine: Party) -> set[str]:
        """Attributes that somebody else has changed: a capacity counts only after the operation's own last word."""
        changed: set[str] = set()
        for deed in self._deeds:
            if deed.kind != GROUP or deed.name != group:
                continue
            if deed.operation != mine.id:
                changed.update(WRITES.get(deed.did, SUSPENDS))
            elif deed.did == "resized" and mine.control.status is Status.SUCCEEDED:
                changed.discard("capacity")
        return changed

    def _counted(self, value: Any, what: str, kind: str) -> Any:
        """Of a load balancer, the instances of groups that nobody else did anything to."""
        if kind in (GROUP, TEMPLATE, ALARM) or what != INSTANCES:
            return value
        return tuple(pair for pair in value if pair[0] not in self._touched)

    # What is kept.

    def _kept(self) -> Iterator[str]:
        for row in self._world.table.rows():
            if row["sk"] == "guard" and (row.get("owner") or row.get("queue")):
                yield f"guard {row['key']} is kept by {row.get('owner')}, and {list(row.get('queue', ()))} wait for it"
            if row["sk"].startswith("wait#"):
                yield f"the row of a token is kept: {row['pk']} {row['sk']}"


def _shown(capacity: Mapping[str, int] | None) -> str:
    return f"{capacity['min']}/{capacity['desired']}/{capacity['max']}" if capacity else ""


def _renamed(value: Any, old: str, new: str) -> Any:
    """The value with another name in it; of what is no text and no tuple, only what it looks like."""
    if type(value) is tuple:
        return tuple(_renamed(one, old, new) for one in value)
    if isinstance(value, str):
        return value.replace(old, new)
    return _Looks(repr(value).replace(old, new)) if old in repr(value) else value


class _Looks:
    """Equal to nothing; looks like a value."""

    def __init__(self, looks: str) -> None:
        self._looks = looks

    def __repr__(self) -> str:
        return self._looks
