"""What the app synthesises to watch Windlass: its alarms, those composed of them, its dashboard."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rehearsal.cloudwatch import Alarm

Json = dict[str, Any]
STACKS = ("Windlass", "WindlassWatch")
PLACE = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}


@dataclass(frozen=True)
class Watching:
    """By names as they are deployed, with the prefix."""

    alarms: Mapping[str, Alarm]
    """Those on metrics."""
    rules: Mapping[str, str]
    """Of those composed of others."""
    dashboard: Json
    """Its body."""


def synthesised() -> Watching:
    """What the source tree says now, with the default settings."""
    os.environ["CDK_VALIDATION"] = "false"  # nobody deploys these templates
    from stacks.application import application  # noqa: PLC0415 - CDK takes a second, and only this needs it
    from stacks.layer import STAMP, lock_hash  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        layer, assembly = Path(folder) / "layer", Path(folder) / "assembly"
        (layer / "python").mkdir(parents=True)  # a stand-in for the built one: nothing looks inside
        (layer / STAMP).write_text(lock_hash())
        application(outdir=assembly, layer=layer).synth()
        return watching(assembly)


def watching(assembly: Path) -> Watching:
    """Of a folder of synthesised templates."""
    alarms: dict[str, Alarm] = {}
    rules: dict[str, str] = {}
    bodies: list[Json] = []
    for stack in STACKS:
        resources = json.loads((assembly / f"{stack}.template.json").read_text())["Resources"]
        alarms |= {one["AlarmName"]: Alarm.of(one, resolver(resources)) for one in _of(resources, "Alarm")}
        rules |= {one["AlarmName"]: _joined(one["AlarmRule"], resources) for one in _of(resources, "CompositeAlarm")}
        bodies += [json.loads(_joined(one["DashboardBody"], resources)) for one in _of(resources, "Dashboard")]
    (body,) = bodies
    return Watching(alarms, rules, body)


def resolver(resources: Mapping[str, Json]) -> Callable[[Any], str]:
    """What a reference in a dimension is: a function by its name, a queue by its logical id."""

    def resolved(value: Any) -> str:
        match value:
            case {"Fn::GetAtt": [name, _]}:
                return str(name)
            case {"Fn::Join": [between, parts]}:
                return str(between).join(map(resolved, parts))
            case {"Ref": name}:
                return str(resources[name]["Properties"].get("FunctionName", name))
        return str(value)

    return resolved


def _of(resources: Mapping[str, Json], kind: str) -> Iterator[Json]:
    return (one["Properties"] for one in resources.values() if one["Type"] == f"AWS::CloudWatch::{kind}")


def _joined(text: Any, resources: Mapping[str, Json]) -> str:
    """A text of parts; an alarm in it is its name."""
    match text:
        case {"Fn::Join": [between, parts]}:
            return str(between).join(_joined(part, resources) for part in parts)
        case {"Fn::GetAtt": [name, _]}:
            return str(resources[name]["Properties"]["AlarmName"])
        case {"Ref": name}:
            return PLACE[name]
    return str(text)
