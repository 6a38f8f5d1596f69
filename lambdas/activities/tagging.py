"""Tags of an image that are to be different: each key for itself, so that what is half done, or undone, is met too."""

from dataclasses import dataclass

from lambdas.cloud import Cloud, Tags
from lambdas.cloud.amis import Amis
from lambdas.errors import NotFound, Rejected, RollBack, Transient

AWS_OWN = "aws:"
"""What begins so is AWS's: nobody else can set or delete it."""


@dataclass(frozen=True)
class Retag:
    """The tags concerned, as they were and as they shall be: what is in one alone is made, or deleted."""

    image: str
    before: Tags = ()
    after: Tags = ()

    def wanted(self, there: Tags) -> Tags:
        """Those to be set."""
        return tuple(tag for tag in self.after if tag not in there)

    def unwanted(self, there: Tags) -> Tags:
        """Those to be deleted."""
        keys = {key for key, _ in self.after}
        return tuple(tag for tag in there if tag in self.before and tag[0] not in keys)

    def strangers(self, there: Tags) -> tuple[str, ...]:
        """Keys whose values are neither those from before nor those asked for."""
        found, before, after = dict(there), dict(self.before), dict(self.after)
        return tuple(key for key in before | after if found.get(key) not in (before.get(key), after.get(key)))

    def ours(self, there: Tags) -> "Retag":
        """The way back, where it has to be gone: nobody has changed these keys since."""
        found, before, after = dict(there), dict(self.before), dict(self.after)
        keys = [key for key in before | after if before.get(key) != after.get(key) == found.get(key)]
        return Retag(self.image, _of(after, keys), _of(before, keys))


def planned(image: str, there: Tags, wanted: Tags) -> Retag:
    """These tags on top of what is there."""
    keys = {key for key, _ in wanted}
    return Retag(image, tuple(tag for tag in there if tag[0] in keys), tuple(sorted(wanted)))


def apply(retag: Retag, cloud: Cloud) -> str:
    """Make it so. Raises Rejected where somebody has changed one of the tags since it was planned."""
    there = cloud.of(Amis).tags(retag.image)
    if strangers := retag.strangers(there):
        raise Rejected(
            f"tags {', '.join(strangers)} of image {retag.image} have been changed by somebody else since this "
            "operation was planned; post again"
        )
    try:
        return _written(retag, there, cloud)
    except NotFound:
        raise Transient(f"image {retag.image} is not visible in account {cloud.account} yet, or it is gone") from None


def restore(retag: Retag, cloud: Cloud) -> str:
    """Give the tags back the values from before, but for those that somebody has changed since: these are told."""
    there = cloud.of(Amis).tags(retag.image)
    for key in retag.strangers(there):
        cloud.findings.append(f"tag {key} of image {retag.image} was changed by somebody else: left as it is")
    try:
        return _written(retag.ours(there), there, cloud)
    except NotFound:
        return f"image {retag.image} is not there"


def left_behind(retag: Retag, cloud: Cloud) -> None:
    """Raises RollBack where tags are as this operation made them although they were put back."""
    ours = retag.ours(cloud.of(Amis).tags(retag.image))
    if keys := sorted(dict(ours.before) | dict(ours.after)):
        raise RollBack(f"tags {', '.join(keys)} of image {retag.image} are as this operation made them")


def _written(retag: Retag, there: Tags, cloud: Cloud) -> str:
    wanted, unwanted, amis = retag.wanted(there), retag.unwanted(there), cloud.of(Amis)
    if wanted:
        amis.tag(retag.image, wanted)
    if unwanted:
        amis.untag(retag.image, unwanted)
    said = [f"set {_keys(wanted)}"] * bool(wanted) + [f"deleted {_keys(unwanted)}"] * bool(unwanted)
    return f"image {retag.image}: {'; '.join(said)}" if said else f"the tags of image {retag.image} are so already"


def _of(tags: dict[str, str], keys: list[str]) -> Tags:
    return tuple(sorted((key, tags[key]) for key in keys if key in tags))


def _keys(tags: Tags) -> str:
    return ", ".join(key for key, _ in tags)
