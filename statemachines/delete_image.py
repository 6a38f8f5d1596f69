"""Delete an image: deregister it, which cannot be taken back."""

from lambdas.activities import amis
from lambdas.activities.amis import EndPlan
from lambdas.cloud import Cloud
from lambdas.requests.delete_image import DeleteImage
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step

DELETE_IMAGE: Saga[DeleteImage, EndPlan, Cloud] = Saga(
    name="DeleteImage",
    plan=amis.plan_deregister,
    guards=guards_of_thing,
    steps=(step("DeregisterImage", do=amis.deregister, pivot=True),),
    difference=amis.ended,
)
