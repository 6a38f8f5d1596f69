"""Lifecycle hooks that are put over others, and that go."""

from lambdas.cloud import LifecycleHook
from lambdas.cloud.hooks import Hooks
from lambdas.errors import NotFound, Rejected
from rehearsal.fake_cloud.groups import TRANSITIONS, standing
from rehearsal.fake_cloud.place import Place
from rehearsal.fake_cloud.port import Port, call, plays

MOST = 50
"""Hooks of a group: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html"""


@plays(Hooks)
class FakeHooks(Port):
    @call
    def put(self, group: str, hook: LifecycleHook, over: LifecycleHook | None = None) -> None:
        others = _others(self.place, group, hook.name)
        if hook.transition not in TRANSITIONS:
            raise Rejected(f"{hook.transition!r} is no lifecycle transition; use {' or '.join(TRANSITIONS)}")
        if len(others) >= MOST:
            raise Rejected(f"group {group} has {len(others)} lifecycle hooks; {MOST} are possible")
        hooks = tuple(sorted((*others, hook), key=lambda one: one.name))
        self.place.hooks.put(group, hooks, self.place.now)
        self.place.note("put hook on", "group", group, self.operation, hook.name)

    @call
    def delete(self, group: str, name: str) -> None:
        others = _others(self.place, group, name)
        if len(others) == len(self.place.hooks.get(group) or ()):
            raise NotFound(f"group {group} has no lifecycle hook {name}")
        self.place.hooks.put(group, others, self.place.now)
        self.place.note("deleted hook of", "group", group, self.operation, name)


def _others(place: Place, group: str, name: str) -> tuple[LifecycleHook, ...]:
    standing(place, group)
    return tuple(one for one in place.hooks.get(group) or () if one.name != name)
