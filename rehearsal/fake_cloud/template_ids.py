"""Launch templates by their ids."""

from lambdas.cloud import LaunchTemplate
from lambdas.cloud.template_ids import TemplateIds
from lambdas.errors import NotFound
from rehearsal.fake_cloud.port import Port, call, plays


@plays(TemplateIds)
class FakeTemplateIds(Port):
    @call
    def find(self, id: str) -> LaunchTemplate:  # noqa: A002
        for one in self.place.templates.all_seen(self.place.now).values():
            if one.id == id:
                return LaunchTemplate(one.name, one.id, one.tags)
        raise NotFound(f"there is no launch template {id}")

    @call
    def delete(self, id: str) -> None:  # noqa: A002
        name = next((one.name for one in self.place.templates.things.values() if one.id == id), None)
        if name is None:
            raise NotFound(f"there is no launch template {id}")
        self.place.templates.take(name, self.place.now)
        self.place.note("deleted", "launch template", name, self.operation)
