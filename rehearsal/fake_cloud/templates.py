"""Launch templates: what EC2 accepts and refuses."""

import base64
import binascii
import re

from lambdas.cloud import OPERATION_TAG, LaunchSettings, LaunchTemplate, Tags
from lambdas.errors import AlreadyExists, NotFound, Rejected
from rehearsal.fake_cloud.place import Template
from rehearsal.fake_cloud.port import Port, call

_NAME = re.compile(r"^[a-zA-Z0-9().\-/_]{3,128}$")
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html"""

MOST_USER_DATA = 16 * 1024
"""Bytes before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html"""


class FakeLaunchTemplates(Port):
    @call
    def create(self, name: str, settings: LaunchSettings, user_data: str | None, tags: Tags, token: str) -> None:
        possible(name, user_data)
        place = self.place
        number = f"lt-{place.number():017x}"
        new = Template(name, number, settings, user_data, tags, token)
        standing = place.templates.get(name)
        if standing is not None and token and standing.token == token:
            if _content(standing) != _content(new):
                raise Rejected(f"the client token of launch template {name} was used with other parameters")
            return
        if standing is not None:
            raise AlreadyExists(f"launch template {name} exists already")
        place.templates.put(name, new, place.now)
        place.note("created", "launch template", name, self.operation)

    @call
    def find(self, name: str) -> LaunchTemplate:
        found = self.place.templates.seen(name, self.place.now)
        if found is None:
            raise NotFound(f"there is no launch template {name}")
        return LaunchTemplate(found.name, found.id, found.tags)

    @call
    def image(self, name: str, version: str) -> str:
        found = self.place.templates.seen(name, self.place.now)
        there = found.version(version) if found else None
        if there is None:
            raise NotFound(f"there is no launch template {name} with version {version}")
        return there[1].image

    @call
    def delete(self, name: str) -> None:
        if self.place.templates.get(name) is None:
            raise NotFound(f"there is no launch template {name}")
        self.place.templates.take(name, self.place.now)
        self.place.note("deleted", "launch template", name, self.operation)

    @call
    def made_by(self, operation: str) -> tuple[str, ...]:
        seen = self.place.templates.all_seen(self.place.now)
        return tuple(name for name, one in seen.items() if (OPERATION_TAG, operation) in one.tags)


def _content(template: Template) -> tuple[LaunchSettings, str | None, Tags]:
    return template.settings, template.user_data, template.tags


def possible(name: str, user_data: str | None) -> None:
    if not _NAME.match(name):
        raise Rejected(f"launch template name {name!r} must be 3 to 128 letters, digits and ( ) . - / _")
    try:
        text = base64.b64decode(user_data or "", validate=True)
    except binascii.Error:
        raise Rejected(f"user data of {name} is not base64") from None
    if len(text) > MOST_USER_DATA:
        raise Rejected(f"user data of {name} has {len(text)} bytes; {MOST_USER_DATA} are possible")
