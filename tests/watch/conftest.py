"""The alarms of the stack as it is synthesised."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cloudwatch import Alarm, Point, Points, fires
from rehearsal.synthesised import Watching, resolver, watching
from tests.stacks.conftest import assembly, layer, synthesised  # noqa: F401 - fixtures

Json = dict[str, Any]


@dataclass(frozen=True)
class Alarms:
    alarms: dict[str, Alarm]
    """By name without the prefix."""
    resources: dict[str, Json]

    def fired(self, points: Iterable[Point], span: tuple[float, float]) -> set[str]:
        return fires(self.alarms, self.alarms, {}, Points(points), span)

    def dead_letters_of(self, name: str) -> str:
        """The queue that the alarm watches, by its logical id."""
        ((of, _),) = self.alarms[name].terms.values()
        return dict(of.dimensions)["QueueName"]

    def tries(self, queue: str) -> int:
        """How often a message is received before it is in that queue of dead letters."""
        policies = (
            one["Properties"]["RedrivePolicy"]
            for one in self.resources.values()
            if one["Type"] == "AWS::SQS::Queue" and "RedrivePolicy" in one["Properties"]
        )
        for policy in policies:
            if policy["deadLetterTargetArn"]["Fn::GetAtt"][0] == queue:
                return int(policy["maxReceiveCount"])
        return next(
            int(one["Properties"]["MaximumRetryAttempts"]) + 1
            for one in self.resources.values()
            if one["Type"] == "AWS::Lambda::EventSourceMapping"
            and one["Properties"].get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            == {"Fn::GetAtt": [queue, "Arn"]}
        )


@pytest.fixture(scope="session")
def alarms(assembly: Path) -> Alarms:  # noqa: F811 - the fixture
    resources: dict[str, Json] = json.loads((assembly / "Windlass.template.json").read_text())["Resources"]
    kind = "AWS::CloudWatch::Alarm"
    found = [one["Properties"] for one in resources.values() if one["Type"] == kind]
    resolved = resolver(resources)
    return Alarms({one["AlarmName"].removeprefix("windlass-"): Alarm.of(one, resolved) for one in found}, resources)


@pytest.fixture(scope="session")
def watched(assembly: Path) -> Watching:  # noqa: F811 - the fixture
    """What both stacks have to watch with."""
    return watching(assembly)
