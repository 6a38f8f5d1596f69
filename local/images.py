"""EC2 images whose id and date of creation can be set: callers ask for one by its id, or for the newest of several."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.ec2.models import EC2Backend

from local.patches import replace
from local.tags import CREATED, ID


def install() -> None:
    tagged = EC2Backend.create_tags

    def create_tags(backend: EC2Backend, resource_ids: list[str], tags: dict[str, str]) -> Any:
        done = tagged(backend, resource_ids, tags)
        for image in (backend.amis[one] for one in resource_ids if one in backend.amis and CREATED in tags):
            # Naive, as moto keeps its dates.
            image.creation_date = datetime.fromisoformat(tags[CREATED]).replace(tzinfo=None)
        for image in (backend.amis.pop(one) for one in resource_ids if one in backend.amis and ID in tags):
            image.id = tags[ID]
            backend.amis[image.id] = image
        return done

    replace(EC2Backend, create_tags=create_tags)
