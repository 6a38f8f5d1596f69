"""Stages on a cluster: take out of traffic, scale down, destroy all but the newest.

What the deploy stage around one has made, and whatever is newer, is never touched
(`AbstractClusterWideClouddriverTask`).
"""

from collections.abc import Callable, Iterable, Iterator

from lambdas.hub import Json
from rehearsal.orca.instances import are_down
from rehearsal.orca.monitor import monitor
from rehearsal.orca.oort import ServerGroup
from rehearsal.orca.pipeline import DEPLOYED, Definition, Orca, Stage, Task

DISABLE, SCALE_DOWN, SHRINK = "disableCluster", "scaleDownCluster", "shrinkCluster"
WAIT_EACH, WAIT_WITHIN = 10.0, 1800.0
DRAINS = 90.0
"""Seconds that `WaitForClusterDisableTask` lasts at least, if it had anything to do."""

Groups = list[ServerGroup]
Chooses = Callable[[Stage, Groups, Groups], Groups]
"""Of all in the cluster, and of those of them that may be touched, the ones to act on."""
Payload = Callable[[Orca, ServerGroup], list[dict[str, Json]]]


def _acts(name: str, chooses: Chooses, payload: Payload) -> Task:
    def execute(orca: Orca, stage: Stage) -> bool:
        standing = orca.oort.cluster(stage.context["cluster"])
        chosen = chooses(stage, standing, _older(stage, standing))
        if chosen:
            orca.submit(stage, [operation for group in chosen for operation in payload(orca, group)])
            stage.context[DEPLOYED] = {orca.region: [group.name for group in chosen]}
        return True

    return Task(name, execute, backoff=5, timeout=90)


def _older(stage: Stage, standing: Groups) -> Groups:
    """`filterParentAndNewerThanParentDeploys`."""
    names = {name for some in stage.deploy.context[DEPLOYED].values() for name in some}
    made = [group.created for group in standing if group.name in names]
    return [group for group in standing if group.name not in names and (not made or group.created <= min(made))]


def _to_disable(stage: Stage, standing: Groups, older: Groups) -> Groups:
    stays = max(0, stage.context["remainingEnabledServerGroups"] - (len(standing) - len(older)))
    return _newest_first(group for group in older if group.active)[stays:]


def _to_scale_down(stage: Stage, standing: Groups, older: Groups) -> Groups:
    allowed = [group for group in older if stage.context["allowScaleDownActive"] or not group.active]
    stays = max(0, stage.context["remainingFullSizeServerGroups"] - (len(standing) - len(allowed)))
    return _newest_first(allowed)[stays:]


def _to_destroy(stage: Stage, standing: Groups, older: Groups) -> Groups:
    """Those that take traffic stay rather than others."""
    allowed = [group for group in older if stage.context["allowDeleteActive"] or not group.active]
    stays = max(0, stage.context["shrinkToSize"] - (len(standing) - len(allowed)))
    return sorted(_newest_first(allowed), key=lambda group: not group.active)[stays:]


def _newest_first(groups: Iterable[ServerGroup]) -> Groups:
    return sorted(groups, key=lambda group: (group.created, group.name), reverse=True)


def _payload(orca: Orca, group: ServerGroup) -> Json:
    """`TargetServerGroup.toClouddriverOperationPayload`."""
    names = {"serverGroupName": group.name, "asgName": group.name}
    return {
        "credentials": orca.account,
        "accountName": orca.account,
        **names,
        "cloudProvider": "aws",
        "region": group.region,
    }


def _disables(orca: Orca, group: ServerGroup) -> list[dict[str, Json]]:
    return [{"disableServerGroup": _payload(orca, group) | {"desiredPercentage": None}}]


def _scales_down(orca: Orca, group: ServerGroup) -> list[dict[str, Json]]:
    payload = _payload(orca, group)
    nothing = {"capacity": {"min": 0, "max": 0, "desired": 0}}
    return [
        {"resumeAsgProcessesDescription": payload | {"processes": ["Terminate"]}},
        {"resizeServerGroup": payload | nothing},
    ]


def _destroys(orca: Orca, group: ServerGroup) -> list[dict[str, Json]]:
    return [{"destroyServerGroup": _payload(orca, group)}]


InProgress = Callable[[Orca, Stage, ServerGroup], bool]


def _awaits(name: str, in_progress: InProgress, at_least: float = 0.0) -> Task:
    """`AbstractWaitForClusterWideClouddriverTask`; a group that is not there is done."""

    def execute(orca: Orca, stage: Stage) -> bool:
        names = [name for some in stage.context.get(DEPLOYED, {}).values() for name in some]
        groups = [found for name in names if (found := orca.oort.server_group(name)) is not None]
        if any(in_progress(orca, stage, group) for group in groups):
            return False
        return not names or orca.clock.now - stage.started >= at_least

    return Task(name, execute, WAIT_EACH, WAIT_WITHIN)


def _disabling(orca: Orca, stage: Stage, group: ServerGroup) -> bool:
    return not group.disabled or not are_down(orca, stage, group)


def _shrinks_active(orca: Orca, stage: Stage) -> Iterator[Stage]:
    """What takes traffic is taken out of it before it is destroyed."""
    if stage.context["allowDeleteActive"]:
        stays = {"remainingEnabledServerGroups": stage.context["shrinkToSize"]}
        yield Stage(DISABLE, DISABLE, stage.context | stays, stage)


DEFINITIONS = {
    DISABLE: Definition(
        (
            _acts(DISABLE, _to_disable, _disables),
            monitor("monitorDisableCluster"),
            _awaits("waitForDisableCluster", _disabling, DRAINS),
        )
    ),
    SCALE_DOWN: Definition(
        (
            _acts(SCALE_DOWN, _to_scale_down, _scales_down),
            monitor("monitorScaleDownCluster"),
            _awaits("waitForScaleDownCluster", lambda orca, stage, group: bool(group.instances)),
        )
    ),
    SHRINK: Definition(
        (
            _acts(SHRINK, _to_destroy, _destroys),
            monitor("monitorShrinkCluster"),
            _awaits("waitForShrinkCluster", lambda orca, stage, group: True),
        ),
        before=_shrinks_active,
    ),
}
