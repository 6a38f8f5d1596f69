"""Clone: a new server group like another, by the very steps of a creation."""

from lambdas.activities import server_groups
from lambdas.activities.plans import CreatePlan
from lambdas.cloud import Cloud
from lambdas.requests.clone_server_group import CloneServerGroup
from saga import Saga
from statemachines.create_server_group import CREATE_SERVER_GROUP as CREATE

CLONE_SERVER_GROUP: Saga[CloneServerGroup, CreatePlan, Cloud] = Saga(
    name="CloneServerGroup",
    plan=server_groups.plan_clone,
    reserves=CREATE.reserves,
    steps=CREATE.steps,
    late=CREATE.late,
    kept=CREATE.kept,
    left=CREATE.left,
    results=CREATE.results,
    difference=CREATE.difference,
    evidence=CREATE.evidence,
)
