"""Names of server groups in Frigga's convention: `app-stack-detail-v042`.

The rules are Frigga's and Clouddriver's (`AWSServerGroupNameResolver.groovy`): a cluster is
`app[-stack[-detail]]`, an empty stack with a detail gives `app--detail`, the sequence is three digits modulo 1000.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

SEQUENCES = 1000
_SEQUENCE = re.compile(r"(?P<cluster>.+)-v(?P<sequence>\d{3})", re.ASCII)
_APPLICATION = re.compile(r"[a-zA-Z0-9._]+")
_DETAIL = re.compile(r"[a-zA-Z0-9._~^-]*")
LONGEST = 255
"""Auto Scaling's limit for a group's name, in characters."""


@dataclass(frozen=True)
class ServerGroupName:
    """A server group's name; `parse` and `str` are inverses, an invalid one is a ValueError."""

    application: str
    stack: str = ""
    detail: str = ""
    sequence: int | None = None

    def __post_init__(self) -> None:
        for what, value, legal in (
            ("application", self.application, _APPLICATION),
            ("stack", self.stack or "a", _APPLICATION),
            ("detail", self.detail, _DETAIL),
        ):
            if not legal.fullmatch(value):
                raise ValueError(f"{what} {value!r} contains illegal characters; use letters, digits, '.' and '_'")
        if self.sequence is not None and not 0 <= self.sequence < SEQUENCES:
            raise ValueError(f"sequence {self.sequence} is not within 0 to {SEQUENCES - 1}")
        if _SEQUENCE.fullmatch(self.cluster):
            raise ValueError(f"cluster {self.cluster!r} ends like a sequence number; choose another stack or detail")
        if len(str(self)) > LONGEST:
            raise ValueError(f"name {str(self)!r} is longer than {LONGEST} characters")

    @property
    def cluster(self) -> str:
        """The name without its sequence: what the server groups of one lineage share."""
        if self.detail:
            return f"{self.application}-{self.stack}-{self.detail}"
        return f"{self.application}-{self.stack}" if self.stack else self.application

    def numbered(self, sequence: int) -> "ServerGroupName":
        """The same cluster's server group with that sequence, modulo 1000."""
        return replace(self, sequence=sequence % SEQUENCES)

    def __str__(self) -> str:
        return self.cluster if self.sequence is None else f"{self.cluster}-v{self.sequence:03}"

    @classmethod
    def parse(cls, name: str) -> "ServerGroupName":
        """The parts of a name, `-vNNN` being optional.

        Raises ValueError where `str` of the result would not be the name.
        """
        found = _SEQUENCE.fullmatch(name)
        cluster, sequence = (found["cluster"], int(found["sequence"])) if found else (name, None)
        application, _, rest = cluster.partition("-")
        stack, _, detail = rest.partition("-")
        parsed = cls(application, stack, detail, sequence)
        if str(parsed) != name:
            raise ValueError(f"{name!r} is not the name of a server group")
        return parsed


def moniker(name: str) -> tuple[str, str, str]:
    """Application, stack and detail of a server group, also of one whose maker did not follow the convention."""
    application, _, rest = cluster_of(name).partition("-")
    stack, _, detail = rest.partition("-")
    return application, stack, detail


def cluster_of(name: str) -> str:
    """The cluster of a server group, also of one whose maker did not follow the convention."""
    found = _SEQUENCE.fullmatch(name)
    return found["cluster"] if found else name


def sequence_of(name: str, cluster: str) -> int | None:
    """The sequence of a server group of that cluster; None for a group of another cluster or without a number."""
    found = _SEQUENCE.fullmatch(name)
    return int(found["sequence"]) if found and found["cluster"] == cluster else None


def next_sequence(taken: Collection[int], reserved: int | None) -> int:
    """One more than the highest described or reserved, modulo 1000, passing over what is taken.

    Raises ValueError when all numbers are taken.
    """
    passed = {*taken} if reserved is None else {*taken, reserved}
    first = max(passed, default=-1) + 1
    for candidate in range(first, first + SEQUENCES):
        if candidate % SEQUENCES not in passed:
            return candidate % SEQUENCES
    raise ValueError(f"all {SEQUENCES} sequence numbers are taken")
