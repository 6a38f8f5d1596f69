"""Scheduled actions that go."""

from lambdas.cloud.schedules import Schedules
from lambdas.errors import NotFound
from rehearsal.fake_cloud.groups import standing
from rehearsal.fake_cloud.port import Port, call, plays


@plays(Schedules)
class FakeSchedules(Port):
    @call
    def delete(self, group: str, name: str) -> None:
        standing(self.place, group)
        actions = self.place.actions.get(group) or ()
        staying = tuple(one for one in actions if one.name != name)
        if len(staying) == len(actions):
            raise NotFound(f"group {group} has no scheduled action {name}")
        self.place.actions.put(group, staying, self.place.now)
        self.place.note("deleted scheduled action of", "group", group, self.operation, name)
