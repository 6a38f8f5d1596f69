"""Delete a snapshot of a volume, which cannot be taken back."""

from lambdas.activities import amis
from lambdas.activities.amis import EndPlan
from lambdas.cloud import Cloud
from lambdas.requests.delete_snapshot import DeleteSnapshot
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step

DELETE_SNAPSHOT: Saga[DeleteSnapshot, EndPlan, Cloud] = Saga(
    name="DeleteSnapshot",
    plan=amis.plan_delete_snapshot,
    guards=guards_of_thing,
    steps=(step("DeleteSnapshot", do=amis.delete_snapshot, pivot=True),),
    difference=amis.ended,
)
