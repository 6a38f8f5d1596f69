"""What operations take out of service in an account: too much within ten minutes needs a second person.

Whoever is about to disable, empty or destroy a group notes it first, in one row of the account, written only if nobody
has written it since it was read: of many operations at once no two count on the same room. A note is of its group, so
that a second attempt, and the next step, find it; after ten minutes it no longer counts. See docs/adr/0011.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lambdas.accounts import Account, find
from lambdas.errors import Braked, Conflict
from lambdas.rows import control_key, control_of, losses_key
from lambdas.table import Equal, Item, Put, Refused, Table

WINDOW = 600.0
"""Seconds for which a loss counts."""
FEW = 3
"""Groups that may go whatever part of the account's instances they are: a deployment takes its cluster's old group out,
which in a small account may be half of all."""
COUNTED = 3600.0
"""Seconds for which a count of the Region's instances is good."""
RACES = 4

Notes = Mapping[str, Any]
"""By `region/group`: when, how many instances, which operation."""


class TableLosses:
    """The losses of one account, as one operation in one Region notes them."""

    def __init__(self, table: Table, place: tuple[str, str], operation: str, now: Callable[[], float]) -> None:
        self._table, self._operation, self._now = table, operation, now
        self._account, self._region = place

    def note(self, group: str, going: Callable[[], int], standing: Callable[[], int]) -> str:
        """Note that the group goes out of service; what is to be said of it. Raises Braked, Conflict.

        `going` are its instances, `standing` those of all the Region's groups: asked only where it matters.
        """
        name = f"{self._region}/{group}"
        for _ in range(RACES):
            row = self._table.get(losses_key(self._account)) or {}
            recent = self._recent(row)
            if name in recent:
                return ""
            lost = {**recent, name: [self._now(), going(), self._operation]}
            counted, said = self._judged(row, lost, standing)
            noted = {"version": row.get("version", 0) + 1, "groups": lost, "standing": counted}
            try:
                self._table.write(Put(losses_key(self._account), noted, (Equal("version", row.get("version")),)))
            except Refused:
                continue
            return said
        raise Conflict(f"many operations take groups of account {self._account} out of service just now")

    def _recent(self, row: Item) -> dict[str, Any]:
        since = self._now() - WINDOW
        return {name: note for name, note in row.get("groups", {}).items() if note[0] > since}

    def _judged(self, row: Item, lost: Notes, standing: Callable[[], int]) -> tuple[dict[str, Any], str]:
        """The counts of instances to keep, and what is to be said. Raises Braked."""
        limits = (find(self._table, self._account) or Account(self._account, "", ())).limits
        counted = dict(row.get("standing", {}))
        if len(lost) > limits.groups:
            return counted, self._over(f"{len(lost)} server groups", f"the {limits.groups} allowed")
        if len(lost) <= FEW:
            return counted, ""
        count = self._counted(counted, standing)
        gone = sum(note[1] for name, note in lost.items() if name.partition("/")[0] == self._region)
        if gone * 100 > limits.percent * count:
            said = f"the {limits.percent} % allowed of the {count} in {self._region}"
            return counted, self._over(f"{gone} instances", said)
        return counted, ""

    def _counted(self, counted: dict[str, Any], standing: Callable[[], int]) -> int:
        at, count = counted.get(self._region, (0.0, 0))
        if self._now() - at > COUNTED:
            count = standing()
            counted[self._region] = [self._now(), count]
        return int(count)

    def _over(self, what: str, allowed: str) -> str:
        """What is to be said of an operation that a second person let past. Raises Braked for every other."""
        row = self._table.get(control_key(self._operation))
        control = None if row is None else control_of(row)
        if control is not None and control.unbraked:
            return f"; the brake of account {self._account} was released by {control.unbraked}"
        asker = "whoever asked" if control is None else (control.user or control.caller)
        raise Braked(
            f"{what} of account {self._account} would go out of service within ten minutes, more than {allowed}: "
            f"a second person, not {asker}, decides retry to let it happen; rollback puts the operation back"
        )
