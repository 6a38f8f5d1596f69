"""The clouds as one sweep sees them: watched groups read in pages, each load balancer asked once, every read counted.

Reads are made in the hub's name, not in an operation's: with a session for each operation every look at another
account would begin with an AssumeRole.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lambdas.cloud import GROUPS_OF_A_PAGE, Cloud, Group
from lambdas.engine.budgets import HUB, Budgets
from lambdas.engine.troubles import Troubles
from lambdas.errors import NotFound, Rejected, Throttled, Transient
from lambdas.hub import Hub
from lambdas.values import changed

logger = logging.getLogger("windlass.sweep")
PORTS = {
    "groups": "autoscaling",
    "scaling": "autoscaling",
    "launch_templates": "ec2",
    "images": "ec2",
    "instances": "ec2",
    "network": "ec2",
    "load_balancers": "elasticloadbalancing",
}
"""Whose bucket a port's reads are taken from; a read of several pages counts once."""
OTHERS = {"alarms": "cloudwatch", "alarms_made_by": "cloudwatch", "alarm_states": "cloudwatch"}


class Snapshot:
    """One sweep's reads. Nothing is read after `until`, and nothing that was read already."""

    def __init__(self, hub: Hub, budgets: Budgets, until: float, troubles: Troubles) -> None:
        self._hub, self.budgets, self._until, self.troubles = hub, budgets, until, troubles
        self._places: dict[str, _Place] = {}
        self.hub = changed(
            hub,
            cloud=self._cloud,
            machines=self._counted(hub.machines, HUB, "states"),
            sweeper=self._counted(hub.sweeper, HUB, "sqs"),
        )
        """The hub whose clouds are this snapshot."""

    def watch(self, account: str, region: str, names: Iterable[str]) -> None:
        """Read the groups of these names that are not known yet. What cannot be read is told to whoever looks."""
        try:
            self._place(account, region).watch(names)
        except Exception as error:  # noqa: BLE001  the rows' own looks fail with it, each by itself
            logger.warning("%s/%s cannot be read: %s: %s", account, region, type(error).__name__, error)

    def _counted(self, port: Any, place: str, api: str) -> Any:
        return _Counted(port, lambda name, read: self._read(place, OTHERS.get(name, api), name, read))

    def _cloud(self, account: str, region: str, operation: str) -> Cloud:
        return changed(self._place(account, region).cloud, operation=operation, findings=[])

    def _place(self, account: str, region: str) -> "_Place":
        name = f"{account}/{region}"
        if name not in self._places:
            self._places[name] = _Place(self._counting(self._hub.cloud(account, region, ""), name))
        return self._places[name]

    def _counting(self, cloud: Cloud, place: str) -> Cloud:
        return changed(cloud, **{port: self._counted(getattr(cloud, port), place, api) for port, api in PORTS.items()})

    def _read(self, place: str, api: str, name: str, read: Callable[[], Any]) -> Any:
        if place == HUB and name != "describe":
            # Answers of tokens, starts, messages: not reads, and never to be held back.
            return self.troubles.met(api, read)
        if self._hub.now() >= self._until:
            raise Transient("the sweep's time was up; the next one looks")
        self.budgets.take(place, api)
        try:
            return self.troubles.met(api if place == HUB else f"{place} {api}", read)
        except Throttled:
            self.budgets.drain(place, api)
            raise


class _Place:
    """One account's Region."""

    def __init__(self, cloud: Cloud) -> None:
        self._groups = cloud.groups
        self._known: dict[str, Group | Exception] = {}
        self.cloud = changed(
            cloud,
            groups=_Watched(cloud.groups, self._known),
            load_balancers=_Remembered(cloud.load_balancers),
        )

    def watch(self, names: Iterable[str]) -> None:
        new = list(dict.fromkeys(name for name in names if name not in self._known))
        for first in range(0, len(new), GROUPS_OF_A_PAGE):
            self._known.update(self._page(new[first : first + GROUPS_OF_A_PAGE]))

    def _page(self, names: Sequence[str]) -> dict[str, Group | Exception]:
        """A refused page is asked for name by name: one name may be at fault, and only its own wait must hear of it."""
        try:
            found = self._groups.found(names)
        except Rejected:
            return {}
        except Exception as error:  # noqa: BLE001  what one read could not see, no check can
            return dict.fromkeys(names, error)
        return {name: found.get(name) or NotFound(f"group {name}: there is none") for name in names}


class _Counted:
    def __init__(self, port: Any, read: Callable[[str, Callable[[], Any]], Any]) -> None:
        self._port, self._read = port, read

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        return lambda *given, **named: self._read(name, lambda: method(*given, **named))


class _Watched:
    """Groups as they were read; one that nobody watches is read for real."""

    def __init__(self, groups: Any, known: dict[str, Group | Exception]) -> None:
        self._real, self._known = groups, known

    def find(self, name: str) -> Group:
        known = self._known.get(name)
        if known is None:
            return self._real.find(name)  # type: ignore[no-any-return]
        if isinstance(known, Exception):
            raise known.with_traceback(None)
        return known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Remembered:
    """Load balancers: groups of one cluster stand behind the same ones."""

    def __init__(self, balancers: Any) -> None:
        self._real = balancers
        self._health: dict[tuple[str, str], Any] = {}

    def target_health(self, target_group: str) -> Any:
        return self._once("target_health", target_group)

    def classic_health(self, load_balancer: str) -> Any:
        return self._once("classic_health", load_balancer)

    def _once(self, read: str, name: str) -> Any:
        if (read, name) not in self._health:
            self._health[read, name] = getattr(self._real, read)(name)
        return self._health[read, name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
