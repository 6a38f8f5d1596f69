"""EC2 images whose date of creation can be set: the newest of several is what callers ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.ec2.models import EC2Backend

from local.patches import replace

CREATED = "embedded:created"
"""Tag of an image that says when it was created."""


def install() -> None:
    tagged = EC2Backend.create_tags

    def create_tags(backend: EC2Backend, resource_ids: list[str], tags: dict[str, str]) -> Any:
        done = tagged(backend, resource_ids, tags)
        for image in (backend.amis[one] for one in resource_ids if one in backend.amis and CREATED in tags):
            # Naive, as moto keeps its dates.
            image.creation_date = datetime.fromisoformat(tags[CREATED]).replace(tzinfo=None)
        return done

    replace(EC2Backend, create_tags=create_tags)
