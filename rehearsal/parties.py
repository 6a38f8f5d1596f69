"""Operations that share a cloud: what each was asked for, and whose a thing is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.activities.launch_templates import belongs_to
from lambdas.cloud import OPERATION_TAG, Tags
from lambdas.engine.tasks import stored_plan
from lambdas.rows import Control, request_key
from rehearsal.fake_cloud import Deed
from rehearsal.world import World

GROUP, TEMPLATE, ALARM, BALANCER = "group", "launch template", "alarm", "load balancer"

ASKED = {
    "ResizeServerGroup": {"resized"},
    "ResumeAsgProcesses": {"resumed processes of", "suspended processes of"},
    "EnableServerGroup": {"resumed processes of", "suspended processes of"},
    "DisableServerGroup": {"suspended processes of", "resumed processes of"},
    "DestroyServerGroup": {"deleted", "suspended processes of", "resumed processes of"},
}
"""What an operation may do to the group that it was asked to change, by its saga."""

SHIFTING = {"EnableServerGroup", "DisableServerGroup", "DestroyServerGroup"}
"""Sagas that take instances out of load balancers and put them in."""


@dataclass(frozen=True)
class Party:
    """One operation, as its rows tell of it."""

    control: Control
    request: Mapping[str, Any]
    plan: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.control.id

    @property
    def saga(self) -> str:
        return self.control.saga

    @property
    def group(self) -> str:
        """The group that it was asked to change; empty for one that makes its own."""
        return str(self.request.get("serverGroupName", ""))

    @property
    def own(self) -> str:
        """The group that it is about: asked for, or planned."""
        return str(self.plan.get("group") or self.group)

    def may(self, deed: Deed, owner: str | None) -> bool:
        """Whether it was asked to do that, or it is about its own."""
        if owner == self.id or deed.did == "created" or (deed.did == "put" and deed.name.startswith(f"{self.own}-")):
            return True
        if deed.kind == BALANCER:
            return self.saga in SHIFTING
        if deed.kind == GROUP:
            return deed.name == self.group and deed.did in ASKED.get(self.saga, ())
        if self.saga != "DestroyServerGroup" or deed.did != "deleted":
            return False
        return deed.name in self.plan.get("alarms", ()) if deed.kind == ALARM else belongs_to(deed.name, self.group)


def party(world: World, operation: str) -> Party:
    """The operation at the end of a run."""
    row = world.table.get(request_key(operation)) or {}
    return Party(world.control(operation), row.get("request", {}), stored_plan(world.plain, operation) or {})


def made_by(world: World, operation: str) -> str:
    """Name of the group that the operation was to make."""
    plan = stored_plan(world.plain, operation) or {}
    return str(plan["group"]) if "launch_template" in plan and "cluster" in plan else ""


def what_is(key: str) -> tuple[str, str]:
    """Kind and name of `prod/us-east-1 launch template shop-v001`."""
    kind, _, name = key.partition(" ")[2].rpartition(" ")
    return kind, name


def owner_of(seen: Mapping[str, Any]) -> str:
    """The operation that made it, by its tag; empty for a stranger's."""
    if "operation" in seen:
        return str(seen["operation"] or "")
    tags: Tags = seen["tags"] if "tags" in seen else getattr(seen.get("settings"), "tags", ())
    return dict(tags).get(OPERATION_TAG, "")
