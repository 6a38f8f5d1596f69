"""The clouds of several accounts and Regions in memory, behind the ports of `lambdas.cloud`, with a cloud's manners."""

from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules

from lambdas.cloud import Capacity, Cloud
from lambdas.clusters import TableClusters
from lambdas.errors import NotFound
from lambdas.hub import SETTLING
from lambdas.nouns import More
from rehearsal.clock import Clock
from rehearsal.fake_cloud import seeds
from rehearsal.fake_cloud.groups import FakeGroups
from rehearsal.fake_cloud.manners import PROMPT, Manners
from rehearsal.fake_cloud.network import FakeImages, FakeInstances, FakeLoadBalancers, FakeNetwork
from rehearsal.fake_cloud.place import Deed, Hears, Place
from rehearsal.fake_cloud.port import played
from rehearsal.fake_cloud.scaling import FakeScaling
from rehearsal.fake_cloud.snapshots import Snapshot, differences, of_place
from rehearsal.fake_cloud.templates import FakeLaunchTemplates
from rehearsal.memory_table import MemoryTable

__all__ = ["PROMPT", "Deed", "FakeCloud", "Manners", "Place", "Snapshot", "differences"]


SETTLED = SETTLING.total_seconds()

for _module in iter_modules(__path__):  # whoever plays a noun says so when imported
    import_module(f"{__name__}.{_module.name}")


class KnownSecrets:
    """Secret texts by reference: put them in."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def text(self, reference: str) -> str:
        if reference not in self.texts:
            raise NotFound(f"there is no secret {reference}")
        return self.texts[reference]


class KnownNames:
    """The last sequence by cluster: put them in."""

    def __init__(self) -> None:
        self.sequences: dict[str, int] = {}

    def last(self, cluster: str) -> int | None:
        return self.sequences.get(cluster)


class FakeCloud:
    """Clouds of any account and Region. Empty ones refuse nearly everything: `seed` what is needed."""

    def __init__(
        self,
        clock: Clock | None = None,
        manners: Manners = Manners(),  # noqa: B008 - frozen
    ) -> None:
        self.clock, self.manners = clock or Clock(), manners
        self.secrets, self.names = KnownSecrets(), KnownNames()
        self.table = MemoryTable(self.clock)
        """Of accounts and clusters, where there is no hub with a table of its own."""
        self._places: dict[tuple[str, str], Place] = {}
        self._watchers: list[Callable[[], object]] = []
        self._kept: list[Callable[[], None]] = []
        self.on_event: Hears | None = None
        """Who hears of events of Auto Scaling, and of which group each is; where nobody does, a place only catches up
        when somebody looks."""
        self.on_place: Callable[[Place], None] = lambda place: None
        """Who hears of a place that is looked at for the first time."""

    def cloud(self, account: str, region: str, operation: str = "") -> Cloud:
        """The ports of one place, in the hands of one operation."""
        place = self.place(account, region)
        return Cloud(
            account,
            region,
            groups=FakeGroups(place, operation),
            launch_templates=FakeLaunchTemplates(place, operation),
            images=FakeImages(place, operation),
            instances=FakeInstances(place, operation),
            network=FakeNetwork(place, operation),
            load_balancers=FakeLoadBalancers(place, operation),
            scaling=FakeScaling(place, operation),
            secrets=self.secrets,
            names=self.names,
            clusters=TableClusters(self.table, (account, region), operation, lambda: self.clock.now, SETTLED),
            operation=operation,
            more=More(lambda kind: played(kind)(place, operation)),
            account_id=place.id,
            reach=lambda other: self.cloud(other, region, operation),
        )

    def place(self, account: str, region: str) -> Place:
        """One account's Region itself, for seeds and for looking behind the ports."""
        if (account, region) not in self._places:
            place = Place(account, region, self.clock, self.manners, self._hears)
            place.watchers = self._watchers
            place.beside = lambda: [one for one in self.places() if one.region == region and one is not place]
            self._places[account, region] = place
            self.on_place(place)
        place = self._places[account, region]
        place.settle()
        return place

    def keep(self) -> None:
        """What stands now is what `restore` goes back to."""
        self._kept = [self.place(*key).kept() for key in self._places]

    def _hears(self) -> Hears | None:
        return self.on_event

    def restore(self) -> None:
        for restore in self._kept:
            restore()

    def places(self) -> Iterable[Place]:
        """All places that anybody has looked at."""
        return self._places.values()

    def seed(self, account: str = "prod", region: str = "us-east-1", *, neighbours: tuple[str, ...] = ()) -> Place:
        """A Region with images, subnets and load balancers (`seeds`), and server groups that somebody else made."""
        place = self.place(account, region)
        seeds.seed(place)
        for name in neighbours:
            seeds.neighbour(place, name, Capacity(1, 2, 3))
        return place

    def watch(self, look: Callable[[], object]) -> None:
        """Look after every call and after everything that the cloud does by itself."""
        self._watchers.append(look)

    @property
    def deeds(self) -> list[Deed]:
        """Every change there was, by calls and in order within each place."""
        return [deed for place in self._places.values() for deed in place.deeds]

    @property
    def created(self) -> list[str]:
        """`kind name` of everything that was created, as often as it was."""
        return [f"{deed.kind} {deed.name}" for deed in self.deeds if deed.did == "created"]

    def snapshot(self) -> Snapshot:
        """Everything as comparable values, at this moment: see `differences`."""
        return {name: seen for key in sorted(self._places) for name, seen in of_place(self.place(*key))}
