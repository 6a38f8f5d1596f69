"""The stack that only watches: dashboard, saved queries, objectives.

It names what it watches and refers to nothing, so that it takes no room in the stack of the hub and can be deployed,
changed and deleted without it.
"""

from collections.abc import Sequence

from aws_cdk import Stack
from constructs import Construct

from lambdas.objectives import OTHERS
from stacks.dashboard import Dashboard
from stacks.definitions import AnySaga, activities
from stacks.functions import HUB
from stacks.objectives import ObjectiveAlarms
from stacks.otlp import MetricStream
from stacks.queries import Queries
from stacks.settings import Settings
from statemachines import ALL

NAMES = (
    *("broken", "ended-from-outside", "person-called", "many-held", "backlog-old", "requests-fail"),
    *("sweep-errors", "sweep-silent", "projector-behind", "herald-behind"),
    *(f"{consumer}-dead-letters" for consumer in ("sweep", "projector", "herald", "tellings", "courier")),
)
"""The alarms of the hub's own stack."""


class Watch(Stack):
    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, operations: Sequence[AnySaga] = ALL
    ) -> None:
        super().__init__(scope, construct_id, description="Windlass: what watches it")
        functions = [*(row.name for row in HUB), *activities(operations)]
        objectives = ObjectiveAlarms(
            self, "Objectives", prefix=settings.prefix, runbooks=settings.runbooks, objectives=settings.objectives
        )
        burning = [one.node.id for one in objectives.alarms]
        Dashboard(
            self,
            "Watch",
            prefix=settings.prefix,
            apis=settings.api_names,
            functions=functions,
            alarms=[*NAMES, *burning],
            runbooks=settings.runbooks,
            begin_within=settings.objectives[OTHERS].begin_within,
        )
        if settings.otlp:
            MetricStream(self, "Otlp", name=f"{settings.prefix}otlp", firehose=settings.otlp)
        Queries(self, "Queries", prefix=settings.prefix, functions=functions)
