"""Machine images over HTTP: Clouddriver's batch that shares one, tags it and deregisters it."""

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, plays

pytestmark = pytest.mark.xdist_group("embedded")


def shared_tagged_and_deleted(live: Live) -> Json:
    ec2 = live.aws("ec2")
    image = ec2.register_image(Name="outgoing-1.0", RootDeviceName="/dev/sda1")["ImageId"]
    where = {"credentials": "test", "region": HOME}
    tags = {"credentials": "test", "amiName": "outgoing-1.0", "regions": [HOME], "tags": {"stage": "gone"}}
    batch = [
        {"allowLaunchDescription": where | {"account": "test", "amiName": "outgoing-1.0"}},
        {"upsertAmiTagsDescription": tags},
        {"deleteImage": where | {"imageId": image}},
    ]
    return live.task_ended(live.client.post("/aws/ops", batch, expect=200)["id"]) | {"image": image}


@plays([shared_tagged_and_deleted])
def test_an_image_is_shared_tagged_and_deregistered_in_one_batch(played: Json, live: Live) -> None:
    assert (played["status"]["completed"], played["status"]["failed"]) == (True, False), played["status"]
    resolved = played["resultObjects"][0]
    assert (resolved["amiName"], resolved["amiId"]) == ("outgoing-1.0", played["image"])
    assert (resolved["ownerId"], resolved["isPublic"]) == ("123456789012", False)
    assert resolved["blockDeviceMappings"][0]["deviceName"]
    views = [live.view(one["id"]) for one in played["sagaIds"]]
    assert f"image {played['image']}: set stage" in str(views[1]["steps"])
    assert live.aws("ec2").describe_images(Filters=[{"Name": "name", "Values": ["outgoing-1.0"]}])["Images"] == []
