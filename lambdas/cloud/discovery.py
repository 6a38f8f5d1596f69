"""Service discovery: where instances say that they serve, and others find them. Eureka, for one.

Windlass brings no implementation. An installation plays this noun: a class of its own with these methods, which an
account's row names, `"plays": {"discovery": "our_eureka:Eureka@https://eureka.example.com"}` (docs/architecture.md).
What it has to do is written as tests, `rehearsal.discovery_contract`; `samples/eureka_discovery` is one that does.
"""

from abc import abstractmethod
from collections.abc import Sequence

from lambdas.nouns import Noun, changes, reads

UP, OUT_OF_SERVICE = "UP", "OUT_OF_SERVICE"
"""Eureka's words for an instance that takes requests, and for one that somebody has taken out."""


class Discovery(Noun):
    noun, service = "discovery", "discovery"
    adapter = ""

    @abstractmethod
    @reads()
    def statuses(self, instances: Sequence[str]) -> dict[str, str]:
        """`UP`, `OUT_OF_SERVICE`, `STARTING` … of those that are registered, by id."""

    @abstractmethod
    @changes()
    def put(self, instance: str, status: str) -> None:
        """Give it that status; `UP` is its own word again. Raises NotFound where it is not registered."""
