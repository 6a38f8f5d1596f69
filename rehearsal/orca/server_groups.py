"""Stages on one server group: create, resize, pin, enable, disable, its processes, its least capacity.

Bodies are the whole of a stage's context, as `AbstractServerGroupTask.convert` makes them.
"""

import math
from collections.abc import Callable, Iterable

from lambdas.cloud import Capacity
from lambdas.hub import Json
from rehearsal.orca.instances import wait_for_down, wait_for_match, wait_for_up
from rehearsal.orca.monitor import EXPECTED, monitor
from rehearsal.orca.oort import ServerGroup
from rehearsal.orca.pipeline import DEPLOYED, Definition, Failed, Orca, Stage, Task

CREATE, RESIZE, PIN = "createServerGroup", "resizeServerGroup", "pinServerGroup"
ENABLE, DISABLE, PROCESSES = "enableServerGroup", "disableServerGroup", "modifyAwsScalingProcess"
DETERMINE, CAPTURE, APPLY = (
    "determineTargetServerGroup",
    "captureSourceServerGroupCapacity",
    "applySourceServerGroupCapacity",
)
SNAPSHOT, TARGET = "sourceServerGroupCapacitySnapshot", "targetServerGroup"
ROLLING = ("rollingredblack", "monitored")


# createServerGroup


def _determine_source(orca: Orca, stage: Stage) -> bool:
    """The newest of the cluster."""
    standing = orca.oort.cluster(stage.context["moniker"]["cluster"])
    source = standing[-1].name if standing else None
    where = {"account": orca.account, "region": orca.region}
    copied = {"useSourceCapacity": stage.context.get("useSourceCapacity")}
    named = {"asgName": source, "serverGroupName": source}
    stage.context["source"] = {**named, **where, **copied} if source else {}
    return True


def _capture(orca: Orca, stage: Stage) -> bool:
    """`CaptureSourceServerGroupCapacityTask`: the new group begins with the source's size, and cannot shrink."""
    source = stage.context.get("source") or {}
    group = orca.oort.server_group(source["asgName"]) if source and stage.context.get("useSourceCapacity") else None
    if group is not None and stage.context.get("strategy") not in ROLLING:
        stage.context |= {
            "useSourceCapacity": False,
            "source": source | {"useSourceCapacity": False},
            SNAPSHOT: sizes(group.capacity),
            "capacity": sizes(Capacity(group.capacity.desired, group.capacity.desired, group.capacity.max)),
        }
    return True


def _create(orca: Orca, stage: Stage) -> bool:
    """`AmazonServerGroupCreator`."""
    context = stage.context
    account = context["account"]
    operation = context | {"credentials": account, "keyPair": context.get("keyPair") or f"nf-{account}-keypair-a"}
    launches = [
        {"account": account, "credentials": orca.bake_account, "region": region, "amiName": operation["amiName"]}
        for region in operation["availabilityZones"]
        if account != orca.bake_account
    ]
    orca.submit(stage, [*({"allowLaunchDescription": one} for one in launches), {CREATE: operation}])
    context |= {EXPECTED: True, "deploy.account.name": account}
    return True


CREATION = (
    Task("determineSourceServerGroup", _determine_source),
    Task("snapshotSourceServerGroup", _capture),
    Task(CREATE, _create, backoff=2, timeout=60),
    monitor("monitorDeploy"),
    wait_for_up(),
)


# One that stands


def _submits(action: str, more: Callable[[Orca, Stage], Json] = lambda orca, stage: {}) -> Task:
    """`AbstractServerGroupTask`; `more` is what goes into the operation beside the stage's context."""

    def execute(orca: Orca, stage: Stage) -> bool:
        name, found = _name(orca, stage), more(orca, stage)
        operation = {**stage.context, **found, "serverGroupName": name, "asgName": name}
        orca.submit(stage, [{action: operation}])
        stage.context |= {
            "deploy.account.name": orca.account,
            "asgName": name,
            "serverGroupName": name,
            DEPLOYED: {orca.region: [name]},
        }
        return True

    return Task(action, execute, backoff=2, timeout=90)


def _name(orca: Orca, stage: Stage) -> str:
    """What the stage names, or what was found out for it."""
    return str(orca.outputs[TARGET] if "target" in stage.context else stage.context["serverGroupName"])


def _resized(orca: Orca, stage: Stage) -> Json:
    """`ResizeServerGroupTask`: the stage's context has the new capacity from now on."""
    original, target = _capacities(orca, stage)
    orca.outputs.setdefault(f"originalCapacity.{_name(orca, stage)}", sizes(original))
    stage.context["capacity"] = sizes(target)
    return {"capacity": sizes(target), "originalCapacity": sizes(original)}


def _capacities(orca: Orca, stage: Stage) -> tuple[Capacity, Capacity]:
    """`ResizeStrategySupport.performScalingAndPinning`: of what it is measured by, and what becomes of it."""
    context = stage.context
    by_source = context["action"] == "scale_to_server_group"
    measured = _standing(orca, context["source"]["serverGroupName"] if by_source else _name(orca, stage)).capacity
    new = measured if by_source else Capacity(**context["capacity"])
    if (percentage := context.get("scalePct")) is not None:
        desired = math.ceil(new.desired * percentage / 100)
        new = Capacity(min(new.min, desired), desired, max(new.max, desired))
    if context.get("unpinMinimumCapacity"):
        original = orca.outputs.get(f"originalCapacity.{context['source']['serverGroupName']}")
        if original is not None and original["min"] <= new.min:
            new = Capacity(original["min"], new.desired, new.max)
    if context.get("pinCapacity"):
        new = Capacity(new.desired, new.desired, new.desired)
    elif context.get("pinMinimumCapacity"):
        new = Capacity(new.desired, new.desired, new.max)
    return measured, new


def _standing(orca: Orca, name: str) -> ServerGroup:
    group = orca.oort.server_group(name)
    if group is None:
        raise Failed(f"no server group found aws/{orca.account}/{name} in {orca.region}")
    return group


def sizes(capacity: Capacity) -> dict[str, int]:
    return {"min": capacity.min, "desired": capacity.desired, "max": capacity.max}


def _processes(action: str) -> Callable[[Orca, Stage], Iterable[Stage]]:
    """`ResizeServerGroupStage`: what is resumed before is suspended again after it."""

    def compose(orca: Orca, stage: Stage) -> Iterable[Stage]:
        processes = {"processes": ["Launch", "Terminate"]} if action == "resume" else {}
        context = stage.context | {"action": action} | processes
        yield Stage(PROCESSES, f"{action}ScalingProcesses", context, stage)

    return compose


def _modify(orca: Orca, stage: Stage) -> bool:
    """`AbstractAwsScalingProcessTask`: nothing is sent if all of them are as they should be."""
    name = _name(orca, stage)
    suspended, action = _standing(orca, name).suspended, stage.context["action"]
    key = f"scalingProcesses.{name}"
    asked = stage.context.get("processes") or orca.outputs.get(key) or []
    processes = [one for one in asked if (one in suspended) == (action == "resume")]
    if processes:
        operation = stage.context | {"processes": processes, "asgName": name}
        orca.submit(stage, [{f"{action}AsgProcessesDescription": operation}])
    orca.outputs[key] = processes
    stage.context |= {"processes": processes, "asgName": name, DEPLOYED: {orca.region: [name]}}
    return True


def _modified(orca: Orca, stage: Stage) -> bool:
    """`WaitForScalingProcess`."""
    suspended = _standing(orca, stage.context["asgName"]).suspended & set(stage.context["processes"])
    return not suspended if stage.context["action"] == "resume" else suspended == set(stage.context["processes"])


def _determine_target(orca: Orca, stage: Stage) -> bool:
    """`current_asg_dynamic`: the newest."""
    orca.outputs[TARGET] = orca.oort.cluster(stage.context["cluster"])[-1].name
    return True


def _applied(orca: Orca, stage: Stage) -> bool:
    """`ApplySourceServerGroupCapacityTask`: nothing to do where nothing was captured."""
    captured = next((one for one in reversed(orca.stages) if SNAPSHOT in one.context), None)
    if captured is None:
        return True
    target = stage.context.get("target") or {}
    name = target.get("asgName") or captured.context[DEPLOYED][orca.region][0]
    least = {"min": captured.context[SNAPSHOT]["min"]}
    operation = {
        "credentials": orca.account,
        "regions": [orca.region],
        "region": orca.region,
        "asgName": name,
        "serverGroupName": name,
        "capacity": sizes(_standing(orca, name).capacity) | least,
    }
    orca.submit(stage, [{RESIZE: operation}])
    stage.context[DEPLOYED] = {orca.region: [name]}
    return True


def _wait(orca: Orca, stage: Stage) -> bool:
    orca.clock.drain(stage.context["waitTime"])
    return True


DEFINITIONS = {
    RESIZE: Definition(
        (_submits(RESIZE, _resized), monitor(), wait_for_match()),
        before=_processes("resume"),
        after=_processes("suspend"),
    ),
    PIN: Definition((_submits(RESIZE, _resized), monitor())),
    ENABLE: Definition((_submits(ENABLE), monitor(), wait_for_up())),
    DISABLE: Definition((_submits(DISABLE), monitor(), wait_for_down())),
    PROCESSES: Definition(
        (Task("modify", _modify), monitor("monitor"), Task("waitForScalingProcesses", _modified, 20, 1200))
    ),
    DETERMINE: Definition((Task(DETERMINE, _determine_target),)),
    CAPTURE: Definition((Task(CAPTURE, _capture),)),
    APPLY: Definition((Task("restoreMinCapacity", _applied, 2, 90), monitor("waitForCapacityMatch"))),
    "wait": Definition((Task("wait", _wait),)),
}
