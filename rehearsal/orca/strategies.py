"""Deployment strategies and the explicit rollback: which stages follow which, with which contexts."""

from collections.abc import Callable, Iterable, Iterator

from lambdas.cloud import Capacity
from lambdas.hub import Json
from rehearsal.orca import clusters, server_groups
from rehearsal.orca.pipeline import Definition, Orca, Stage
from rehearsal.orca.server_groups import sizes

ROLLBACK = "rollbackServerGroup"


def _before(orca: Orca, stage: Stage) -> Iterable[Stage]:
    """`RollingRedBlackStrategy.composeBeforeStages`: the new group begins with nothing."""
    if stage.context["strategy"] == "rollingredblack":
        stage.context["savedCapacity"] = stage.context["capacity"]
        stage.context["capacity"] = sizes(Capacity(0, 0, 0))
        stage.context["useSourceCapacity"] = False
    return ()


def _after(orca: Orca, stage: Stage) -> Iterator[Stage]:
    """`AbstractDeployStrategyStage.afterStages`; what AWS adds comes last."""
    strategy = stage.context["strategy"]
    yield from STRATEGIES[strategy](orca, stage)
    if strategy not in server_groups.ROLLING:
        context = {"credentials": orca.account, "cloudProvider": "aws"}
        yield Stage(server_groups.APPLY, "restoreMinCapacityFromSnapshot", context, stage)


def _cleanup(orca: Orca, stage: Stage) -> Json:
    """`CleanupConfig.toContext`."""
    moniker = stage.context["moniker"]
    where = {"region": orca.region, "credentials": orca.account, "cloudProvider": "aws"}
    return {**where, "cluster": moniker["cluster"], "moniker": moniker}


def _red_black(orca: Orca, stage: Stage) -> Iterator[Stage]:
    context, base = stage.context, _cleanup(orca, stage)
    if not context["source"]:
        return
    if most := context.get("maxRemainingAsgs"):
        shrinks = {"shrinkToSize": most, "allowDeleteActive": bool(context.get("allowDeleteActive"))}
        yield Stage(clusters.SHRINK, clusters.SHRINK, base | shrinks | {"retainLargerOverNewer": False}, stage)
    yield from _waits("Wait Before Disable", context.get("delayBeforeCleanup"), stage)
    disables = {"remainingEnabledServerGroups": 1, "preferLargerOverNewer": False}
    yield Stage(clusters.DISABLE, clusters.DISABLE, base | disables, stage)
    yield from _scale_down(orca, stage)


def _scale_down(orca: Orca, stage: Stage) -> Iterator[Stage]:
    context = stage.context
    if not context.get("scaleDown"):
        return
    yield from _waits("Wait Before Scale Down", context.get("delayBeforeScaleDown"), stage)
    scales = {"allowScaleDownActive": bool(context.get("allowScaleDownActive")), "preferLargerOverNewer": False}
    remaining = {"remainingFullSizeServerGroups": 1}
    yield Stage(clusters.SCALE_DOWN, "scaleDown", _cleanup(orca, stage) | scales | remaining, stage)


def _waits(name: str, seconds: float | None, stage: Stage) -> Iterator[Stage]:
    if seconds:
        yield Stage("wait", name, {"waitTime": seconds}, stage)


def _highlander(orca: Orca, stage: Stage) -> Iterator[Stage]:
    shrinks = {"shrinkToSize": 1, "allowDeleteActive": True, "retainLargerOverNewer": False}
    yield Stage(clusters.SHRINK, clusters.SHRINK, _cleanup(orca, stage) | shrinks, stage)


def _rolling_red_black(orca: Orca, stage: Stage) -> Iterator[Stage]:
    base, source = _cleanup(orca, stage), _source(orca, stage)
    yield Stage(server_groups.DETERMINE, "Determine Deployed Server Group", base | _newest(orca), stage)
    if source:
        yield Stage(
            server_groups.PIN, f"Pin {_named(source)}", base | _to(source) | {"pinMinimumCapacity": True}, stage
        )
    percentages = list(stage.context.get("targetPercentages") or ())
    for percentage in percentages if percentages[-1:] == [100] else [*percentages, 100]:
        yield _grows(orca, stage, source, percentage)
        yield from _waits("wait", stage.context.get("delayBeforeCleanup"), stage)
        if source:
            disables = {"desiredPercentage": percentage, "serverGroupName": _named(source)}
            name = f"Disable {percentage}% of Traffic on {_named(source)}"
            yield Stage(server_groups.DISABLE, name, base | disables, stage)
    if source:
        yield from _scale_down(orca, stage) if stage.context.get("scaleDown") else _unpins(orca, stage)


def _grows(orca: Orca, stage: Stage, source: Json, percentage: int) -> Stage:
    whole = percentage == 100
    measure = {"action": "scale_to_server_group", "source": source} if source else {"action": "scale_exact"}
    fallback = {} if source else {"capacity": stage.context["savedCapacity"]}
    context = {
        **_cleanup(orca, stage),
        **_newest(orca),
        **measure,
        **fallback,
        "scalePct": percentage,
        "pinCapacity": not whole,
        "unpinMinimumCapacity": whole,
        "pinMinimumCapacity": not whole,
        "useNameAsLabel": True,
        "targetHealthyDeployPercentage": stage.context.get("targetHealthyDeployPercentage"),
    }
    return Stage(server_groups.RESIZE, f"Grow to {percentage}% of Desired Size", context, stage)


def _unpins(orca: Orca, stage: Stage) -> Iterator[Stage]:
    """Also what is left of a rolling red/black that failed."""
    if source := _source(orca, stage):
        context = _cleanup(orca, stage) | _to(source) | {"unpinMinimumCapacity": True}
        yield Stage(server_groups.PIN, f"Unpin {_named(source)}", context, stage)


def _newest(orca: Orca) -> Json:
    return {"target": "current_asg_dynamic", "targetLocation": {"type": "REGION", "value": orca.region}}


def _source(orca: Orca, stage: Stage) -> Json:
    """`ResizeStrategy.Source`; nothing where nothing stood before."""
    if not stage.context.get("source"):
        return {}
    name = stage.context["source"]["serverGroupName"]
    where = {"region": orca.region, "credentials": orca.account, "cloudProvider": "aws"}
    return {**where, "serverGroupName": name}


def _named(source: Json) -> str:
    return str(source["serverGroupName"])


def _to(source: Json) -> Json:
    action = {"action": "scale_to_server_group", "source": source, "useNameAsLabel": True}
    return {**action, "serverGroupName": _named(source)}


def _failed(orca: Orca, stage: Stage) -> Iterable[Stage]:
    return _unpins(orca, stage) if stage.context["strategy"] == "rollingredblack" else ()


def _explicit(orca: Orca, stage: Stage) -> Iterator[Stage]:
    """`ExplicitRollback.buildStages`: the old one is in traffic, and as large, before the new one is out of it."""
    asked = stage.context["rollbackContext"]
    bad, good = asked["rollbackServerGroupName"], asked["restoreServerGroupName"]
    base = {key: value for key, value in stage.context.items() if key != "rollbackContext"}
    healthy = {"targetHealthyDeployPercentage": asked["targetHealthyRollbackPercentage"]}
    resizes = _regrown(orca, bad, good)
    if resizes:
        captures = {"useSourceCapacity": True, "source": _place(orca, bad)}
        yield Stage(server_groups.CAPTURE, "Snapshot Source Server Group", captures, stage)
    yield Stage(
        server_groups.ENABLE, f"Enable {good} due to rollback", base | healthy | {"serverGroupName": good}, stage
    )
    if resizes:
        context = base | healthy | resizes | {"asgName": good, "serverGroupName": good}
        yield Stage(server_groups.RESIZE, f"Resize {good}", context, stage)
    yield from _waits("waitBeforeDisable", asked.get("delayBeforeDisableSeconds"), stage)
    yield Stage(server_groups.DISABLE, f"Disable {bad} due to rollback", base | {"serverGroupName": bad}, stage)
    if resizes:
        context = {"credentials": orca.account, "cloudProvider": "aws", "target": _place(orca, good)}
        yield Stage(server_groups.APPLY, "Restore Min Capacity From Snapshot due to rollback", context, stage)


def _regrown(orca: Orca, bad: str, good: str) -> Json:
    """Nothing if it is large enough, and cannot shrink."""
    found = [one for name in (bad, good) if (one := orca.oort.server_group(name)) is not None]
    if len(found) < 2:
        return {}
    rolled_back, restored = (one.capacity for one in found)
    desired = max(rolled_back.desired, restored.desired)
    wanted = Capacity(desired, desired, max(rolled_back.max, restored.max))
    if wanted == restored:
        return {}
    return {"action": "scale_exact", "capacity": sizes(wanted), "pinMinimumCapacity": True}


def _place(orca: Orca, name: str) -> Json:
    where = {"region": orca.region, "account": orca.account, "cloudProvider": "aws"}
    return {"asgName": name, "serverGroupName": name, **where}


STRATEGIES: dict[str, Callable[[Orca, Stage], Iterable[Stage]]] = {
    "": lambda orca, stage: (),
    "redblack": _red_black,
    "rollingredblack": _rolling_red_black,
    "highlander": _highlander,
}

DEFINITIONS = {
    **server_groups.DEFINITIONS,
    **clusters.DEFINITIONS,
    server_groups.CREATE: Definition(server_groups.CREATION, before=_before, after=_after, on_failure=_failed),
    ROLLBACK: Definition(after=_explicit),
}
