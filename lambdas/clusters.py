"""Clusters in Windlass's own table: which are protected, and which groups operations are taking out of service.

Whoever takes a group out notes its departure in one write that fails if anybody has noted another since it looked. So
of two operations that count on each other's group only one gets through: the other looks again and sees the departure.
Nothing is held: a departure counts while its operation is not over, and until reads must show what it did. What a dead
Lambda noted is its operation's, which ends in any case.
"""

from collections.abc import Callable

from lambdas.accounts import find
from lambdas.cloud import Departures
from lambdas.errors import Conflict
from lambdas.losses import TableLosses
from lambdas.naming import cluster_of
from lambdas.rows import Control, Status, control_key, control_of, departures_key
from lambdas.table import Equal, Key, Put, Refused, Table

TAKEN_OUT = (Status.SUCCEEDED, Status.NEEDS_ATTENTION)
"""Ends after which the group may be out of service."""


class TableClusters:
    """`lambdas.cloud.Clusters`, of one account's Region in the hands of one operation."""

    def __init__(
        self,
        table: Table,
        place: tuple[str, str],
        operation: str,
        now: Callable[[], float],
        settling: float,
    ) -> None:
        """`settling`: seconds after an operation's end from which on reads show what it did."""
        self._table, self._place, self._operation = table, place, operation
        self._now, self._settling = now, settling
        self.lose = TableLosses(table, place, operation, now).note

    def protects(self, group: str) -> bool:
        account, region = self._place
        known = find(self._table, account)
        return known is not None and any(one.covers(group, region) for one in known.protected)

    def departures(self, group: str) -> Departures:
        row = self._table.get(self._key(group)) or {}
        noted = dict(row.get("groups", {}))
        return Departures(
            row.get("version", 0), tuple((name, one) for name, one in sorted(noted.items()) if self._counts(one))
        )

    def depart(self, group: str, seen: Departures) -> None:
        groups = dict(seen.groups)
        if groups.get(group) == self._operation:
            return
        noted = {"version": seen.version + 1, "groups": groups | {group: self._operation}}
        try:
            self._table.write(Put(self._key(group), noted, (Equal("version", seen.version or None),)))
        except Refused:
            raise Conflict(f"another operation takes a group out of cluster {cluster_of(group)} just now") from None

    def unfinished(self, operation: str) -> bool:
        found = self._control(operation)
        return found is not None and not found.status.over

    def _counts(self, operation: str) -> bool:
        if operation == self._operation:
            return True
        found = self._control(operation)
        if found is None or not found.status.over:
            return found is not None
        return found.status in TAKEN_OUT and self._now() < (found.closed or 0.0) + self._settling

    def _control(self, operation: str) -> Control | None:
        row = self._table.get(control_key(operation))
        return None if row is None else control_of(row)

    def _key(self, group: str) -> Key:
        return departures_key("/".join((*self._place, cluster_of(group))))
