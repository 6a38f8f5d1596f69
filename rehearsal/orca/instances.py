"""How many instances Orca waits for: up (`WaitForUpInstancesTask`) or down (`WaitForRequiredInstancesDownTask`)."""

import math
from collections.abc import Callable

from lambdas.cloud import Capacity
from lambdas.hub import Json
from rehearsal.orca.oort import ServerGroup, down, up
from rehearsal.orca.pipeline import DEPLOYED, LAST_TASK, TASKS, Failed, Orca, Stage, Task

EACH, WITHIN = 10.0, 7200.0
SLOWER = ((3600.0, 120.0), (1800.0, 60.0))
"""After so many seconds it looks only each so many."""
SEEN_EMPTY = 12
"""So often a group that had a size is seen without one until Orca believes it."""


def wait_for_up(name: str = "waitForUpInstances") -> Task:
    return Task(name, _until(_are_up, missing=False), EACH, WITHIN, _slower)


def wait_for_down(name: str = "waitForDownInstances") -> Task:
    return Task(name, _until(are_down), EACH, WITHIN, _slower)


def wait_for_match(name: str = "waitForCapacityMatch") -> Task:
    return Task(name, _until(_matches), EACH, WITHIN, _slower)


Succeeded = Callable[[Orca, Stage, ServerGroup], bool]


def _slower(since: float) -> float:
    return next((each for after, each in SLOWER if since > after), 0.0)


def _until(succeeded: Succeeded, *, missing: bool = True) -> Callable[[Orca, Stage], bool]:
    """`AbstractInstancesCheckTask`. `missing`: whether a group that is not there is a failure at once."""

    def execute(orca: Orca, stage: Stage) -> bool:
        names = [name for some in (stage.context.get(DEPLOYED) or {}).values() for name in some]
        if not names:
            raise Failed("no server groups found in the stage's context")
        return all(_one(orca, stage, name) for name in names)

    def _one(orca: Orca, stage: Stage, name: str) -> bool:
        group = orca.oort.server_group(name)
        if group is None and missing:
            raise Failed(f"Server group '{orca.region}:{name}' does not exist")
        if group is None or not succeeded(orca, stage, group):
            if group is not None:
                _note(stage, group)
            return False
        return True

    return execute


def _note(stage: Stage, group: ServerGroup) -> None:
    """What the next look is compared with."""
    capacity, context = _capacity(stage, group), stage.context
    context.setdefault("capacitySnapshot", {"desiredCapacity": capacity.desired})
    empty = group.capacity.desired == 0
    context["zeroDesiredCapacityCount"] = context.get("zeroDesiredCapacityCount", 0) + 1 if empty else 0


def _are_up(orca: Orca, stage: Stage, group: ServerGroup) -> bool:
    wanted, snapshot = _target(stage, group), stage.context.get("capacitySnapshot")
    if wanted == 0 and snapshot and snapshot["desiredCapacity"] != 0:
        return bool(stage.context.get("zeroDesiredCapacityCount", 0) >= SEEN_EMPTY)
    return len(group.instances) >= wanted and sum(map(up, group.instances)) >= wanted


def _matches(orca: Orca, stage: Stage, group: ServerGroup) -> bool:
    """`WaitForCapacityMatchTask`."""
    configured = _configured(stage, group.capacity)
    desired = group.capacity.desired if configured is None else configured
    return desired == len(group.instances) and (group.disabled or _are_up(orca, stage, group))


def _target(stage: Stage, group: ServerGroup) -> int:
    """`calculateTargetDesiredSize`."""
    context, current = stage.context, _capacity(stage, group)
    configured = _configured(stage, current)
    wanted = current.desired if configured is None else configured
    if snapshot := context.get("capacitySnapshot"):
        wanted = min(wanted, snapshot["desiredCapacity"])
    if (percentage := context.get("targetHealthyDeployPercentage")) is not None:
        part = math.floor(percentage * wanted / 100 + 0.5)
        return 1 if part == 0 and percentage and wanted else part
    if (percentage := context.get("desiredPercentage")) is not None:
        return part_of(current, percentage)
    return wanted


def _configured(stage: Stage, current: Capacity) -> int | None:
    """`useConfiguredCapacity`: what the stage asks for counts where it, or the group, is pinned."""
    asked = stage.context.get("capacity") or {}
    if asked.get("desired") is None:
        return None
    pinned = asked["min"] == asked["max"] == asked["desired"] or current.min == current.max == current.desired
    return int(asked["desired"]) if pinned else None


def _capacity(stage: Stage, group: ServerGroup) -> Capacity:
    """`getServerGroupCapacity`: the one that Clouddriver has told, while the group is still at nothing."""
    told = _told(stage, group)
    if told and ((group.capacity.max == 0 != told["max"]) or (group.capacity.desired == 0 < told["desired"])):
        return Capacity(told["min"], told["desired"], told["max"])
    return group.capacity


def _told(stage: Stage, group: ServerGroup) -> Json | None:
    deployments = (
        deployment
        for task in reversed(stage.context.get(TASKS, []))
        for result in task["resultObjects"]
        for deployment in result.get("deployments", ())
    )
    mine = (one for one in deployments if (one["serverGroupName"], one["location"]) == (group.name, group.region))
    found: Json | None = next((one["capacity"] for one in mine), None)
    return found


def are_down(orca: Orca, stage: Stage, group: ServerGroup) -> bool:
    """Of a part of a group: the instances that the operation has named, else as many as they should be."""
    percentage, wanted = stage.context.get("desiredPercentage"), len(group.instances)
    if percentage is not None:
        if chosen := _chosen(stage, group):
            return all(down(one) for one in group.instances if one.name in chosen)
        wanted = part_of(group.capacity, percentage)
    return sum(map(down, group.instances)) >= wanted


def _chosen(stage: Stage, group: ServerGroup) -> set[str]:
    """`getInstancesToDisable`, of the last task alone."""
    last = stage.context[LAST_TASK]["id"]
    results = [one for task in stage.context.get(TASKS, []) if task["id"] == last for one in task["resultObjects"]]
    named = next((one["instanceIdsToDisable"] for one in results if "instanceIdsToDisable" in one), ())
    return {one.name for one in group.instances} & set(named)


def part_of(capacity: Capacity, percentage: int) -> int:
    """`getDesiredInstanceCount`."""
    return math.ceil((percentage / 100 - 1) * capacity.max + capacity.min)
