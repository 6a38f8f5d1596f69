"""Launch templates by their ids: what EC2 and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud.template_ids import TemplateIds
from lambdas.errors import NotFound
from tests.contract.worlds import World, make_group


def test_a_template_is_found_by_its_id_and_deleted(world: World) -> None:
    group = make_group(world)
    known, ids = world.cloud.launch_templates.find(group), world.cloud.of(TemplateIds)

    assert ids.find(known.id) == known
    ids.delete(known.id)

    for look in (ids.find, ids.delete):
        with pytest.raises(NotFound):
            look(known.id)
    with pytest.raises(NotFound):
        world.cloud.launch_templates.find(group)
