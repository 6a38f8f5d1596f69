"""What whoever plays the noun `Discovery` has to do, as tests: inherit them, and say how yours is made.

    class TestEureka(DiscoveryContract):
        def played(self) -> Discovery: ...
        def register(self, instance: str, status: str) -> None: ...

Operations rely on all of it: a status that is set twice, one that is put back, an instance that is gone meanwhile.
"""

from abc import abstractmethod

from lambdas.cloud.discovery import OUT_OF_SERVICE, UP, Discovery
from lambdas.errors import NotFound

FIRST, SECOND, STRANGER = "i-0123456789abcdef0", "i-0123456789abcdef1", "i-0fedcba9876543210"


class DiscoveryContract:
    @abstractmethod
    def played(self) -> Discovery:
        """The class under test, made as an account's row makes it. Each test asks once, first of all."""

    @abstractmethod
    def register(self, instance: str, status: str) -> None:
        """The instance registers itself, with that status of its own."""

    def test_only_those_that_are_registered_have_a_status(self) -> None:
        discovery = self.played()
        self.register(FIRST, UP)
        self.register(SECOND, "STARTING")

        assert discovery.statuses([FIRST, SECOND, STRANGER]) == {FIRST: UP, SECOND: "STARTING"}
        assert discovery.statuses([STRANGER]) == {}
        assert discovery.statuses([]) == {}

    def test_an_instance_is_taken_out_and_found_again(self) -> None:
        discovery = self.played()
        self.register(FIRST, UP)
        self.register(SECOND, UP)

        discovery.put(FIRST, OUT_OF_SERVICE)
        assert discovery.statuses([FIRST, SECOND]) == {FIRST: OUT_OF_SERVICE, SECOND: UP}

        discovery.put(FIRST, UP)
        assert discovery.statuses([FIRST, SECOND]) == {FIRST: UP, SECOND: UP}

    def test_the_same_status_again_is_no_error(self) -> None:
        """An answer that was lost is asked for once more."""
        discovery = self.played()
        self.register(FIRST, UP)

        for status in (UP, OUT_OF_SERVICE, OUT_OF_SERVICE, UP, UP):
            discovery.put(FIRST, status)
            assert discovery.statuses([FIRST]) == {FIRST: status}

    def test_one_that_is_not_registered_is_not_found(self) -> None:
        """Nothing else may be raised: it has ended since the operation looked, and nothing is left to do."""
        discovery = self.played()

        for status in (OUT_OF_SERVICE, UP):
            try:
                discovery.put(STRANGER, status)
            except NotFound:
                continue
            raise AssertionError(f"{status} was given to {STRANGER}, which is not registered, without NotFound")
