"""Hosted zones and their records."""

from lambdas.cloud.records import Record, Records
from lambdas.errors import NotFound
from rehearsal.fake_cloud.place import Place
from rehearsal.fake_cloud.port import Port, call, plays

ZONES = {"example.com.": "Z0EXAMPLE"}
"""By name; there are always these."""


@plays(Records)
class FakeRecords(Port):
    @call
    def zone(self, name: str) -> str:
        dotted = name if name.endswith(".") else f"{name}."
        if dotted not in ZONES:
            raise NotFound(f"there is no hosted zone {dotted}")
        return ZONES[dotted]

    @call
    def find(self, zone: str, name: str, type: str) -> Record:  # noqa: A002
        found: Record | None = self.place.shelf("record").seen(_key(zone, name, type), self.place.now)
        if found is None:
            raise NotFound(f"there is no record {type} {name}")
        return found

    @call
    def put(self, zone: str, record: Record) -> None:
        put(self.place, zone, record)
        self.place.note("put", "record", record.name, self.operation)

    @call
    def delete(self, zone: str, record: Record) -> None:
        key = _key(zone, record.name, record.type)
        if self.place.shelf("record").get(key) != record:
            raise NotFound(f"there is no such record {record.type} {record.name}")
        self.place.shelf("record").take(key, self.place.now)
        self.place.note("deleted", "record", record.name, self.operation)


def put(place: Place, zone: str, record: Record) -> None:
    """For seeds, too."""
    place.shelf("record").put(_key(zone, record.name, record.type), record, place.now)


def _key(zone: str, name: str, type: str) -> str:  # noqa: A002
    return f"{zone}/{type}/{name if name.endswith('.') else f'{name}.'}"
