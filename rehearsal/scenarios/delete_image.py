"""deleteImage as it is rehearsed: an image with tags, and shared."""

from rehearsal.fake_cloud import seeds
from rehearsal.scenarios.allow_launch import shared
from rehearsal.scenarios.region import WHERE
from rehearsal.trials import Scenario

DELETES_IMAGE = Scenario("deleteImage", "deleteImage", {**WHERE, "imageId": seeds.GOOD_IMAGE}, shared)

SCENARIOS = (DELETES_IMAGE,)
