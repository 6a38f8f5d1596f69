"""Roll out a feature flag: for a few users, then for more, then for all, and back to where it was if anything fails.

Between two stages the flag bakes. An alarm of CloudWatch that the request names (`holdOnAlarms`) holds the operation
where it is until the alarm recovers or a person decides; a cancel puts the flag back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from rollout.flags import Deployed, Flag, Flags
from saga import Saga, Step, Wait, step, wait_until
from windlass import Cloud, NotFound, OfOneThing, Rejected, RollBack, guards_of_thing, restoring

ACTIONS = (
    "appconfig:CreateHostedConfigurationVersion",
    "appconfig:DeleteHostedConfigurationVersion",
    "appconfig:ListDeployments",
    "appconfig:ListHostedConfigurationVersions",
    "appconfig:StartDeployment",
)
READS = ("appconfig:ListDeployments", "appconfig:ListHostedConfigurationVersions")

STAGES = ("First", "Second", "Third")
LONGEST = timedelta(hours=6)
"""That one stage may take: AppConfig's own strategies are over within half an hour, and then it bakes."""


class RollOutFlag(OfOneThing):
    """Turn a feature flag on, stage by stage."""

    name: str = Field(min_length=1, max_length=128)
    """Name of the flag, for people."""
    application_id: str = Field(pattern="^[a-z0-9]{4,7}$")
    """AppConfig's id of the application."""
    environment_id: str = Field(pattern="^[a-z0-9]{4,7}$")
    """AppConfig's id of the environment."""
    profile_id: str = Field(pattern="^[a-z0-9]{4,7}$")
    """AppConfig's id of the flag's configuration profile."""
    percentages: tuple[int, ...] = Field((10, 50, 100), min_length=1, max_length=len(STAGES))
    """Of the users, stage by stage."""
    strategy: str = "AppConfig.AllAtOnce"
    """The deployment strategy of each stage."""
    bake: timedelta = Field(timedelta(minutes=10), ge=timedelta(0), le=timedelta(hours=2))
    """How long each stage must be live before the next."""

    kind: ClassVar[str] = "flagEnvironment"

    @property
    def thing(self) -> str:
        """The environment: AppConfig deploys one thing at a time there."""
        return f"{self.application_id}:{self.environment_id}"

    def contradictions(self) -> Iterator[str]:
        rising = all(low < high for low, high in zip(self.percentages, self.percentages[1:], strict=False))
        if not rising or not all(0 < one <= 100 for one in self.percentages):
            yield f"percentages: must rise within 1 to 100, not {', '.join(map(str, self.percentages))}"


@dataclass(frozen=True)
class Stage:
    percentage: int
    label: str
    """Of the version that is made for it: the operation's id and the percentage."""


@dataclass(frozen=True)
class RollOut:
    account: str
    region: str
    name: str
    flag: Flag
    strategy: str
    before: str
    """Number of the version that is deployed now."""
    stages: tuple[Stage, ...]
    bake: timedelta
    schema: int = 1


def plan_roll_out(request: RollOutFlag, cloud: Cloud) -> RollOut:
    """Find out which version of the flag is deployed."""
    flag = Flag(request.application_id, request.environment_id, request.profile_id)
    found = restoring.read(lambda: cloud.of(Flags).deployed(flag))
    if found is None or found.state != "COMPLETE":
        state = "never deployed" if found is None else found.state
        raise Rejected(f"flag {request.name} ({flag}) is {state}: deploy a version of it that is off first")
    stages = tuple(Stage(one, f"{cloud.operation}-{one}") for one in request.percentages)
    where = (request.account, request.region, request.name)
    return RollOut(*where, flag, request.strategy, found.version, stages, request.bake)


def publish(plan: RollOut, cloud: Cloud) -> str:
    """Make a version of the flag for each stage, unless it is there."""
    flags = cloud.of(Flags)
    for stage in plan.stages:
        if restoring.read(lambda stage=stage: flags.version(plan.flag, stage.label)) is None:  # type: ignore[misc]
            flags.publish(plan.flag, stage.label, stage.percentage, flags.newest(plan.flag))
    return f"made versions of {plan.name} for {', '.join(f'{one.percentage} %' for one in plan.stages)}"


def withdraw(plan: RollOut, cloud: Cloud) -> str:
    """Delete the versions that this operation made."""
    versions = _versions(plan, cloud)
    for version in versions.values():
        cloud.of(Flags).withdraw(plan.flag, version)
    return f"deleted {len(versions)} versions of {plan.name}"


def deploying(number: int) -> Callable[[RollOut, Cloud], str]:
    def deploy(plan: RollOut, cloud: Cloud) -> str:
        """Begin to deploy the version of this stage, unless it is the newest deployment already."""
        if number >= len(plan.stages):
            return "there is no such stage"
        stage, flags = plan.stages[number], cloud.of(Flags)
        version = flags.version(plan.flag, stage.label)
        newest = flags.deployed(plan.flag)
        if newest.version != version:
            flags.deploy(plan.flag, version, plan.strategy, newest.number)
        return f"{plan.name} goes to {stage.percentage} %"

    return deploy


def put_back(plan: RollOut, cloud: Cloud) -> str:
    """Deploy the version from before, if one of this operation's is the newest deployment."""
    newest = _deployed(plan, cloud)
    if newest.version not in _versions(plan, cloud).values():
        return f"{plan.name} has none of this operation's versions deployed"
    cloud.of(Flags).deploy(plan.flag, plan.before, plan.strategy, newest.number)
    return f"{plan.name} goes back to version {plan.before}"


def live(number: int) -> Callable[[RollOut, Cloud], str | None]:
    def not_live(plan: RollOut, cloud: Cloud) -> str | None:
        """Why the version of this stage is not deployed yet, or None."""
        if number >= len(plan.stages):
            return None
        found, wanted = _deployed(plan, cloud), cloud.of(Flags).version(plan.flag, plan.stages[number].label)
        if found.version == wanted and found.state in ("ROLLING_BACK", "ROLLED_BACK", "REVERTED"):
            raise Rejected(f"AppConfig has taken version {wanted} of {plan.name} back: see its alarms")
        if (found.version, found.state) == (wanted, "COMPLETE"):
            return None
        return f"version {found.version} of {plan.name} is {found.state}, not version {wanted} COMPLETE"

    return not_live


def left_behind(plan: RollOut, cloud: Cloud) -> str | None:
    """Whether the version from before is live again, and none that this operation made is left."""
    if versions := _versions(plan, cloud):
        raise RollBack(f"{plan.name} still has versions {', '.join(versions.values())} of this operation")
    found = _deployed(plan, cloud)
    if found.version == plan.before and found.state != "COMPLETE":
        return f"version {plan.before} of {plan.name} is {found.state}"
    return None


def _deployed(plan: RollOut, cloud: Cloud) -> Deployed:
    return cloud.of(Flags).deployed(plan.flag)


def _versions(plan: RollOut, cloud: Cloud) -> dict[str, str]:
    """Of this operation, by label."""
    found = {}
    for stage in plan.stages:
        try:
            found[stage.label] = cloud.of(Flags).version(plan.flag, stage.label)
        except NotFound:
            continue
    return found


def _stages() -> Iterator[Step[RollOut, Cloud] | Wait[RollOut, Cloud]]:
    for number, name in enumerate(STAGES):
        if number == 0:
            yield step(f"Deploy{name}", do=deploying(number), undo=put_back)
        else:
            yield step(f"Deploy{name}", do=deploying(number), goes_with=f"Deploy{STAGES[0]}")
        yield wait_until(
            f"{name}IsLive",
            check=live(number),
            within=lambda plan: LONGEST,
            at_most=LONGEST,
            stable_for=lambda plan: plan.bake,
        )


ROLL_OUT_FLAG: Saga[RollOutFlag, RollOut, Cloud] = Saga(
    name="RollOutFlag",
    plan=plan_roll_out,
    guards=guards_of_thing,
    steps=(step("Publish", do=publish, undo=withdraw), *_stages()),
    left=left_behind,
)
