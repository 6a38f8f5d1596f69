"""The clouds as one sweep sees them: watched groups read in pages, each load balancer asked once.

Reads are made in the hub's name, not in an operation's: with a session for each operation every look at another
account would begin with an AssumeRole.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from lambdas.cloud import GROUPS_OF_A_PAGE, Cloud, Group
from lambdas.engine.troubles import Troubles
from lambdas.errors import NotFound, Rejected, Transient
from lambdas.families import SERVICES, service_of
from lambdas.hub import Hub
from lambdas.values import changed

logger = logging.getLogger("windlass.sweep")
HUB = "hub"
"""The place of our own Step Functions."""
DESCRIBES = "states reads"


class Snapshot:
    """One sweep's reads. Nothing is read after `until`, and nothing that was read already."""

    def __init__(self, hub: Hub, until: float, troubles: Troubles) -> None:
        self._hub, self._until, self.troubles = hub, until, troubles
        self._places: dict[str, _Place] = {}
        self.hub = changed(
            hub,
            cloud=self._cloud,
            machines=_Through(hub.machines, partial(self._called, "states")),
            sweeper=_Through(hub.sweeper, partial(self._called, "sqs")),
        )
        """The hub whose clouds are this snapshot."""

    def watch(self, account: str, region: str, names: Iterable[str]) -> None:
        """Read the groups of these names that are not known yet. What cannot be read is told to whoever looks."""
        try:
            self._place(account, region).watch(names)
        except Exception as error:  # noqa: BLE001  the rows' own looks fail with it, each by itself
            logger.warning("%s/%s cannot be read: %s: %s", account, region, type(error).__name__, error)

    def spent(self, place: str, part: float = 1.0) -> bool:
        """Whether no further row of that place may be begun, if it may use that part of the budgets."""
        return self._hub.brakes.spent(place, part)

    def _cloud(self, account: str, region: str, operation: str) -> Cloud:
        secrets = _Own(lambda: self._hub.cloud(account, region, operation))
        return changed(
            self._place(account, region).cloud, operation=operation, secrets=secrets, findings=[], results={}
        )

    def _place(self, account: str, region: str) -> "_Place":
        name = f"{account}/{region}"
        if name not in self._places:
            self._places[name] = _Place(self._watching(self._hub.cloud(account, region, ""), name))
        return self._places[name]

    def _watching(self, cloud: Cloud, place: str) -> Cloud:
        def through(name: str, port: Any) -> Any:
            reads = lambda method, read: self._read(f"{place} {service_of(f'{name}.{method}')}", read)  # noqa: E731
            return _Through(port, reads)

        ports = {name: through(name, getattr(cloud, name)) for name in SERVICES}
        return changed(cloud, **ports, more=cloud.more.through(through))

    def _called(self, api: str, name: str, call: Callable[[], Any]) -> Any:
        """Answers of tokens, starts, messages are no reads, and never to be held back."""
        if name != "describe":
            return self.troubles.met(api, call)
        return self._read(api, lambda: self._hub.brakes.tap(HUB, DESCRIBES).call(call))

    def _read(self, where: str, read: Callable[[], Any]) -> Any:
        if self._hub.now() >= self._until:
            raise Transient("the sweep's time was up; the next one looks")
        return self.troubles.met(where, read)


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


class _Own:
    """The operation's own secrets, from the cloud that it alone sees; hardly any check asks."""

    def __init__(self, cloud: Callable[[], Cloud]) -> None:
        self._cloud = cloud

    def text(self, reference: str) -> str:
        return self._cloud().secrets.text(reference)


class _Through:
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
