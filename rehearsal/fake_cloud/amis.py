"""Machine images: shared with other accounts, tagged by each for itself, deregistered; and snapshots under them."""

from collections.abc import Iterator
from dataclasses import dataclass

from lambdas.cloud import Image, Tags
from lambdas.cloud.amis import Ami, Amis, Snapshot
from lambdas.errors import NotFound, Rejected
from rehearsal.fake_cloud.place import Place
from rehearsal.fake_cloud.port import Port, call, plays

GONE, SHARED, TAGGED, SNAPSHOT = "deregistered image", "shared image", "tagged image", "snapshot"
"""Shelves of a place."""


@dataclass(frozen=True)
class Gone:
    """The image is deregistered."""

    image: str


@dataclass(frozen=True)
class Sharing:
    """Numbers of the accounts that may launch an image."""

    accounts: tuple[str, ...]


@dataclass(frozen=True)
class Tagging:
    """An account's own tags of an image."""

    tags: Tags


@dataclass(frozen=True)
class Kept:
    """A snapshot, and the image that needs it, if any."""

    snapshot: Snapshot
    image: str | None = None


@plays(Amis)
class FakeAmis(Port):
    @call
    def find(self, name: str) -> tuple[Ami, ...]:
        found = [one for one in visible(self.place) if name in (one.id, one.name)]
        ordered = sorted(found, key=lambda one: one.created, reverse=True)
        return tuple(Ami(one.id, one.name, one.owner, architecture=one.architecture) for one in ordered)

    @call
    def launchers(self, image: str) -> tuple[str, ...]:
        self._own(image)
        sharing = self.place.shelf(SHARED).seen(image, self.place.now)
        return sharing.accounts if sharing else ()

    @call
    def allow(self, image: str, account: str) -> None:
        self._own(image)
        share(self.place, image, {*self._shared(image), account})
        self.place.note("shared", "image", image, self.operation, account)

    @call
    def forbid(self, image: str, account: str) -> None:
        self._own(image)
        share(self.place, image, self._shared(image) - {account})
        self.place.note("unshared", "image", image, self.operation, account)

    @call
    def tags(self, image: str) -> Tags:
        tagging = self.place.shelf(TAGGED).seen(image, self.place.now)
        return tagging.tags if tagging else ()

    @call
    def tag(self, image: str, tags: Tags) -> None:
        self._known(image)
        tag(self.place, image, {**self._tagged(image), **dict(tags)})
        self.place.note("tagged", "image", image, self.operation)

    @call
    def untag(self, image: str, tags: Tags) -> None:
        self._known(image)
        tag(self.place, image, {key: value for key, value in self._tagged(image).items() if (key, value) not in tags})
        self.place.note("untagged", "image", image, self.operation)

    @call
    def deregister(self, image: str) -> None:
        self._own(image)
        self.place.shelf(GONE).put(image, Gone(image), self.place.now)
        for shelf in (SHARED, TAGGED):
            self.place.shelf(shelf).take(image, self.place.now)
        self.place.note("deregistered", "image", image, self.operation)

    @call
    def snapshot(self, snapshot: str) -> Snapshot:
        kept: Kept | None = self.place.shelf(SNAPSHOT).seen(snapshot, self.place.now)
        if kept is None:
            raise NotFound(f"there is no snapshot {snapshot}")
        return kept.snapshot

    @call
    def made_of(self, snapshot: str) -> tuple[str, ...]:
        kept: Kept | None = self.place.shelf(SNAPSHOT).seen(snapshot, self.place.now)
        return () if kept is None or kept.image is None or _gone(self.place, kept.image) else (kept.image,)

    @call
    def delete_snapshot(self, snapshot: str) -> None:
        kept: Kept | None = self.place.shelf(SNAPSHOT).get(snapshot)
        if kept is None:
            raise NotFound(f"there is no snapshot {snapshot}")
        if kept.image is not None and self.place.shelf(GONE).get(kept.image) is None:
            raise Rejected(f"snapshot {snapshot} is in use by {kept.image}")
        self.place.shelf(SNAPSHOT).take(snapshot, self.place.now)
        self.place.note("deleted", "snapshot", snapshot, self.operation)

    def _own(self, image: str) -> None:
        known = self.place.images.get(image)
        if known is None or known.owner != self.place.id or self.place.shelf(GONE).get(image):
            raise NotFound(f"there is no image {image} of account {self.place.id}")

    def _known(self, image: str) -> None:
        if all(one.id != image for one in visible(self.place, lagging=False)):
            raise NotFound(f"there is no image {image}")

    def _shared(self, image: str) -> set[str]:
        sharing = self.place.shelf(SHARED).get(image)
        return set(sharing.accounts) if sharing else set()

    def _tagged(self, image: str) -> dict[str, str]:
        tagging = self.place.shelf(TAGGED).get(image)
        return dict(tagging.tags) if tagging else {}


def visible(place: Place, *, lagging: bool = True) -> Iterator[Image]:
    """The images that the account may launch: its own and others that stand there, and what is shared with it."""
    yield from (one for one in place.images.values() if not _gone(place, one.id, lagging=lagging))
    for owner in place.beside():
        for image in owner.shelf(SHARED).things:
            sharing = owner.shelf(SHARED).seen(image, place.now) if lagging else owner.shelf(SHARED).get(image)
            if sharing and place.id in sharing.accounts and image not in place.images:
                yield owner.images[image]


def share(place: Place, image: str, accounts: set[str]) -> None:
    """For seeds, too."""
    if accounts:
        place.shelf(SHARED).put(image, Sharing(tuple(sorted(accounts))), place.now)
    else:
        place.shelf(SHARED).take(image, place.now)


def tag(place: Place, image: str, tags: dict[str, str]) -> None:
    """Exactly these; for seeds, too."""
    if tags:
        place.shelf(TAGGED).put(image, Tagging(tuple(sorted(tags.items()))), place.now)
    else:
        place.shelf(TAGGED).take(image, place.now)


def keep(place: Place, snapshot: str, image: str | None = None) -> None:
    """For seeds: a snapshot stands there, and perhaps an image needs it."""
    place.shelf(SNAPSHOT).put(snapshot, Kept(Snapshot(snapshot, place.id), image), place.now)


def _gone(place: Place, image: str, *, lagging: bool = True) -> bool:
    if GONE not in place.shelves:
        return False
    shelf = place.shelf(GONE)
    return (shelf.seen(image, place.now) if lagging else shelf.get(image)) is not None
