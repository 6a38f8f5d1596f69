"""Versions of launch templates, launch configurations, and which of them a group starts from."""

from collections.abc import Sequence
from dataclasses import replace

from lambdas import values
from lambdas.cloud import LaunchSettings
from lambdas.cloud.launching import LaunchChange, Launching, Start, TemplateVersions, Version
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected, Transient
from rehearsal.fake_cloud.groups import blendable, launchable, standing
from rehearsal.fake_cloud.place import CONFIGURATION, Configuration, Later, Place, Template
from rehearsal.fake_cloud.port import Port, call, plays
from rehearsal.fake_cloud.templates import possible


@plays(TemplateVersions)
class FakeTemplateVersions(Port):
    @call
    def find(self, template: str, version: str) -> Version:
        found = self.place.templates.seen(template, self.place.now)
        there = found.version(version) if found else None
        if found is None or there is None:
            raise NotFound(f"there is no launch template {template} with version {version}")
        later = dict(found.later).get(there[0])
        return Version(there[0], replace(there[1], user_data=None), later.mark if later else "")

    @call
    def user_data(self, template: str, number: int) -> str:
        found = self.place.templates.seen(template, self.place.now)
        if found is None or found.version(str(number)) is None:
            raise NotFound(f"there is no launch template {template} with version {number}")
        return _user_data(found, number) or ""

    @call
    def marked(self, template: str, mark: str, after: int) -> tuple[int, ...]:
        found = self.place.templates.seen(template, self.place.now)
        return tuple(number for number, one in (found.later if found else ()) if one.mark == mark and number > after)

    @call
    def create(
        self, template: str, source: int, change: LaunchChange, user_data: str | None, mark: str, token: str
    ) -> int:
        possible(template, user_data)
        there = self._standing(template)
        for number, one in there.later:
            if one.token == token:
                if (one.source, one.change) != (source, change):
                    raise AlreadyExists(f"the client token of launch template {template} was used otherwise")
                return number
        based = there.version(str(source))
        if based is None:
            raise NotFound(f"launch template {template} has no version {source}")
        data = user_data if change.user_data is not None else _user_data(there, source)
        new = Later(changed(based[1], change), data, mark, token, source, change)
        number = there.last + 1
        self._put(replace(there, later=(*there.later, (number, new)), last=number))
        self.place.note("created", "launch template version", f"{template} {number}", self.operation)
        return number

    @call
    def delete(self, template: str, number: int) -> None:
        there = self._standing(template)
        if number == 1:
            raise Rejected(f"version 1 is the default of launch template {template}")
        if number not in dict(there.later):
            raise NotFound(f"launch template {template} has no version {number}")
        self._put(replace(there, later=tuple(one for one in there.later if one[0] != number)))
        self.place.note("deleted", "launch template version", f"{template} {number}", self.operation)

    def _standing(self, template: str) -> Template:
        there = self.place.templates.get(template)
        if there is None:
            raise NotFound(f"there is no launch template {template}")
        return there

    def _put(self, template: Template) -> None:
        self.place.templates.put(template.name, template, self.place.now)


@plays(Launching)
class FakeLaunching(Port):
    @call
    def use(self, group: str, start: Start) -> None:
        there, place = standing(self.place, group), self.place
        settings = _startable(place, start)
        launchable(place, settings)
        blendable(settings, start.policy)
        place.group_is(
            group,
            launch_template=start.template,
            launch_template_version=start.version or "1",
            launch_configuration=start.configuration,
            settings=replace(there.settings, mixed=start.policy),
        )
        place.note("changed the start of", "group", group, self.operation, start)

    @call
    def configuration(self, name: str) -> LaunchSettings:
        return self._seen(name).settings

    @call
    def user_data(self, configuration: str) -> str:
        return self._seen(configuration).user_data or ""

    @call
    def configure(self, name: str, source: str, change: LaunchChange, user_data: str | None) -> None:
        possible(name, user_data)
        shelf = self.place.shelf(CONFIGURATION)
        based: Configuration | None = shelf.get(source)
        if based is None:
            raise NotFound(f"there is no launch configuration {source}")
        if shelf.get(name) is not None:
            raise AlreadyExists(f"launch configuration {name} exists already")
        data = user_data if change.user_data is not None else based.user_data
        shelf.put(name, Configuration(changed(based.settings, change), data), self.place.now)
        self.place.note("created", CONFIGURATION, name, self.operation)

    @call
    def unconfigure(self, name: str) -> None:
        shelf = self.place.shelf(CONFIGURATION)
        if shelf.get(name) is None:
            raise NotFound(f"there is no launch configuration {name}")
        users = _users(self.place, name)
        if users:
            raise Conflict(f"launch configuration {name} is used by {users[0]}")
        shelf.take(name, self.place.now)
        self.place.note("deleted", CONFIGURATION, name, self.operation)

    def _seen(self, name: str) -> Configuration:
        found: Configuration | None = self.place.shelf(CONFIGURATION).seen(name, self.place.now)
        if found is None:
            raise NotFound(f"there is no launch configuration {name}")
        return found


def changed(settings: LaunchSettings, change: LaunchChange) -> LaunchSettings:
    """An empty text takes away what may be absent; what user data it has is kept beside the settings."""
    said = {name: None if value == "" else value for name, value in change.said().items() if name != "user_data"}
    return values.changed(settings, **said)


def _startable(place: Place, start: Start) -> LaunchSettings:
    if start.configuration:
        found: Configuration | None = place.shelf(CONFIGURATION).get(start.configuration)
        if found is None:
            raise Transient(f"the launch configuration {start.configuration} does not exist")
        return found.settings
    template = place.templates.get(start.template or "")
    version = template.version(start.version or "$Default") if template else None
    if version is None:
        raise Transient(f"the launch template {start.template} has no version {start.version}")
    return version[1]


def _user_data(template: Template, version: int) -> str | None:
    return template.user_data if version == 1 else dict(template.later)[version].user_data


def _users(place: Place, configuration: str) -> Sequence[str]:
    return [name for name, one in place.groups.things.items() if one.launch_configuration == configuration]
