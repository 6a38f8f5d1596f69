"""rollOutFlag as it is rehearsed, and AppConfig in memory to rehearse it on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambdas.errors import NotFound, Transient
from rehearsal.fake_cloud.port import Port, call, plays
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE
from rehearsal.trials import Scenario
from rehearsal.world import World
from rollout.flags import Deployed, Flag, Flags
from rollout.roll_out_flag import ROLL_OUT_FLAG

TAKES = 4.0
"""Seconds of a deployment."""
FLAG = Flag("appl1", "prod1", "flag1")


@dataclass(frozen=True)
class Version:
    """All versions of one label: there should be one."""

    percentage: int
    count: int
    number: int = field(compare=False)
    """The cloud's own, so that no two runs need agree on it."""


@dataclass(frozen=True)
class Live:
    label: str
    state: str
    number: int = field(compare=False)


@plays(Flags)
class FakeFlags(Port):
    @call
    def deployed(self, flag: Flag) -> Deployed:
        found: Live | None = self.place.shelf("deployment").seen(str(flag), self.place.now)
        if found is None:
            raise NotFound(f"flag {flag} was never deployed")
        return Deployed(found.number, str(self._labelled(flag, found.label)), found.state)

    @call
    def version(self, flag: Flag, label: str) -> str:
        found: Version | None = self.place.shelf("version").seen(f"{flag}/{label}", self.place.now)
        if found is None:
            raise NotFound(f"flag {flag} has no version {label}")
        return str(found.number)

    @call
    def newest(self, flag: Flag) -> int:
        return _newest(self.place.shelf("version").all_seen(self.place.now))

    @call
    def publish(self, flag: Flag, label: str, percentage: int, newest: int) -> None:
        versions = self.place.shelf("version")
        if newest != _newest(versions.things):
            raise Transient(f"flag {flag} has another newest version than {newest}")
        before = versions.get(f"{flag}/{label}")
        count = 1 + (before.count if before else 0)
        versions.put(f"{flag}/{label}", Version(percentage, count, self.place.number()), self.place.now)
        self.place.note("published", "version", label, self.operation)

    @call
    def withdraw(self, flag: Flag, version: str) -> None:
        for key, one in self.place.shelf("version").things.items():
            if str(one.number) == version:
                self.place.shelf("version").take(key, self.place.now)
                self.place.note("withdrew", "version", version, self.operation)
                return
        raise NotFound(f"flag {flag} has no version {version}")

    @call
    def deploy(self, flag: Flag, version: str, strategy: str, after: int) -> None:
        standing = self.place.shelf("deployment").get(str(flag))
        if standing is None or (standing.number, standing.state) != (after, "COMPLETE"):
            raise Transient(f"another deployment to environment {flag.environment} is on its way")
        numbers = {str(one.number): key for key, one in self.place.shelf("version").things.items()}
        if version not in numbers:
            raise NotFound(f"flag {flag} has no version {version}")
        label = numbers[version].rpartition("/")[2]
        self._is(flag, label, "DEPLOYING", after + 1)
        self.place.later(TAKES, lambda: self._is(flag, label, "COMPLETE", after + 1))
        self.place.note("deployed", "version", version, self.operation)

    def _is(self, flag: Flag, label: str, state: str, number: int) -> None:
        self.place.shelf("deployment").put(str(flag), Live(label, state, number), self.place.now)

    def _labelled(self, flag: Flag, label: str) -> int:
        """The number of that version; 0 where it has been withdrawn."""
        found = self.place.shelf("version").get(f"{flag}/{label}")
        return found.number if found else 0


def _newest(versions: Mapping[str, Version]) -> int:
    return max((one.number for one in versions.values()), default=0)


def off(world: World) -> None:
    """A flag that is deployed, and off."""
    place = world.cloud.seed(ACCOUNT, REGION)
    place.shelf("version").put(f"{FLAG}/off", Version(0, 1, place.number()), place.now)
    place.shelf("deployment").put(str(FLAG), Live("off", "COMPLETE", 1), place.now)


SCENARIOS = (
    Scenario(
        "rollOutFlag",
        "rollOutFlag",
        {
            **WHERE,
            "name": "shop-checkout",
            "applicationId": FLAG.application,
            "environmentId": FLAG.environment,
            "profileId": FLAG.profile,
            "percentages": [10, 100],
            "bake": 0,
        },
        off,
        sagas=(ROLL_OUT_FLAG,),
    ),
)
