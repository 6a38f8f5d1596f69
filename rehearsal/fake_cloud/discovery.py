"""A service discovery, as an installation might play it."""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.cloud.discovery import Discovery
from lambdas.errors import NotFound
from rehearsal.fake_cloud.place import ALWAYS, Place
from rehearsal.fake_cloud.port import Port, call, plays

KIND = "discovery of instance"


@dataclass(frozen=True)
class Said:
    status: str


@plays(Discovery)
class FakeDiscovery(Port):
    @call
    def statuses(self, instances: Sequence[str]) -> dict[str, str]:
        seen = self.place.shelf(KIND).all_seen(self.place.now)
        return {one: seen[one].status for one in instances if one in seen}

    @call
    def put(self, instance: str, status: str) -> None:
        if self.place.shelf(KIND).get(instance) is None:
            raise NotFound(f"instance {instance} is not registered")
        self.place.shelf(KIND).put(instance, Said(status), self.place.now)
        self.place.note(status, KIND, instance, self.operation)


def registered(place: Place, instance: str, status: str) -> None:
    """For seeds."""
    place.shelf(KIND).put(instance, Said(status), ALWAYS)
