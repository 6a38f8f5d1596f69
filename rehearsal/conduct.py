"""What must be so after every call, whatever goes wrong: one group, owned guards, and nothing begun that may not be."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambdas.cloud import OPERATION_TAG
from lambdas.engine.tasks import PLAN, AnySaga
from lambdas.rows import Status, control_key, guard_key
from rehearsal.faults import Call
from rehearsal.world import World

Invariant = Callable[[World], str | None]
"""What must never be so, in words; None while all is well."""

Row = Mapping[str, Any]


def one_group(world: World) -> str | None:
    """An operation never has two groups."""
    operation = under_test(world)
    made = [
        name
        for place in world.cloud.places()
        for name, group in place.groups.things.items()
        if (OPERATION_TAG, operation) in group.settings.tags
    ]
    return f"the operation has {len(made)} groups: {', '.join(sorted(made))}" if len(made) > 1 else None


def under_test(world: World, others: tuple[str, ...] = ()) -> str:
    """The operation whose execution began first, but for those that were at work before; empty before it begins."""
    return next((name for name in world.machines.executions if name.partition("-recovery-")[0] not in others), "")


class Conduct:
    """How the operation under test behaves, call by call, as its control row tells."""

    def __init__(self, world: World, saga: AnySaga, others: tuple[str, ...] = ()) -> None:
        """`others`: operations that were at work before."""
        self._world, self._others = world, others
        self._forward = {PLAN, *(one.name for one in saga.changes)}
        self._undos = {one.undo_name for one in saga.changes}
        self._frozen: tuple[str, tuple[str, int]] | None = None
        """Which signal counts, and the attempt that was at work when it came."""
        self._seen: Row = {}
        """The row at the last look."""

    def wrong(self, call: Call) -> Iterator[str]:
        """What is wrong after this call: the row changes with none but a write."""
        if call.name != "table.write":
            return
        operation = under_test(self._world, self._others)
        if row := self._world.table.peek(control_key(operation)):
            yield from self._begun_after_signal(row)
            yield from self._begun_too_late(row)
            yield from self._begun_beside(row)
            yield from self._guards(row)

    def _begun_after_signal(self, row: Row) -> Iterator[str]:
        """After an accepted cancel, and while paused, no forward activity starts."""
        mark, attempt = row.get("mark"), (row["step"], row["attempt"])
        if mark is None or row.get("pivoted"):
            self._frozen = None
        elif self._frozen is None or self._frozen[0] != mark:
            self._frozen = (mark, attempt)
        elif attempt != self._frozen[1] and row["step"] in self._forward and row["status"] == Status.RUNNING:
            yield f"{row['step']} was begun although the operation is {mark}"

    def _begun_too_late(self, row: Row) -> Iterator[str]:
        """After `finishBy`, and before the pivot, no forward activity starts."""
        late = self._world.clock.now >= row["finish_by"] and not row.get("pivoted")
        if not late or row["step"] not in self._forward or row["status"] != Status.RUNNING:
            return
        limit = self._world.hub.settings.attempt_limit.total_seconds()
        if any(until - limit >= row["finish_by"] for until in (row.get("live") or {}).values()):
            yield f"{row['step']} was begun after finishBy"

    def _begun_beside(self, row: Row) -> Iterator[str]:
        """Nothing else starts, and nobody takes over, while an attempt may be alive."""
        seen, self._seen = self._seen, row
        if not seen or row["version"] != seen["version"] + 1:
            return  # a write that landed late, by nobody's call, came in between
        answered = self._answered()
        until = max((one for name, one in (seen.get("live") or {}).items() if name not in answered), default=0.0)
        another = row["step"] != seen["step"] and row["step"] in ("", *self._forward, *self._undos)
        if another and until > self._world.clock.now:
            yield f"{row['step'] or 'a recovery, or the end,'} came while an attempt of {seen['step']} may be alive"

    def _answered(self) -> set[str]:
        """The attempts whose answers the machines go on with: they are over, whether or not the row knows."""
        data = (one.root.data for one in self._world.machines.executions.values())
        return {one["last"]["attempt"] for one in data if "attempt" in one.get("last", {})}

    def _guards(self, row: Row) -> Iterator[str]:
        """A guard's owner is an operation that is not over, and whoever is at work has its own."""
        for key in row.get("guards", ()):
            guard = self._world.table.peek(guard_key(key))
            owner, queue = guard.get("owner"), list(guard.get("queue", ()))
            if len(set(queue)) < len(queue) or owner in queue:
                yield f"guard {key} is {owner}'s, and its queue is {', '.join(queue)}"
            owned = self._world.table.peek(control_key(owner or ""))
            if owned and Status(owned["status"]).over:
                yield f"guard {key} is still {owner}'s, which is {owned['status']}"
            if owner != row["pk"].removeprefix("op#") and _at_work(row):
                yield f"guard {key} is {owner}'s while the operation is at work on what it guards"


def _at_work(row: Row) -> bool:
    """After its guards and before its end; what a late look opened again takes only the guards that are free."""
    return row["status"] in (Status.RUNNING, Status.UNDOING) and bool(row.get("started")) and not row.get("recoveries")
