"""The release that is to be deployed: the synthesised app, and the operations of the source tree it was made from."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from doctor.deployed import Json, NotSeen
from saga import Saga
from stacks.definitions import definitions
from statemachines import VARIABLE, Registered

AnySaga = Saga[Any, Any, Any]


@dataclass(frozen=True)
class Release:
    template: Json
    sagas: dict[str, AnySaga]

    def properties(self, kind: str) -> list[Json]:
        found = self.template["Resources"].values()
        return [one.get("Properties", {}) for one in found if one["Type"] == kind]

    @cached_property
    def functions(self) -> set[str]:
        return {one["FunctionName"] for one in self.properties("AWS::Lambda::Function")}

    @cached_property
    def machines(self) -> set[str]:
        return {one["StateMachineName"] for one in self.properties("AWS::StepFunctions::StateMachine")}


def release(assembly: Path, stack: str) -> Release:
    """Raises NotSeen for a folder that is no assembly, or not made from this source."""
    path = assembly / f"{stack}.template.json"
    if not path.is_file():
        raise NotSeen(f"there is no {path}; run `npx cdk synth` with the context of your deployment first")
    template: Json = json.loads(path.read_text(encoding="utf-8"))
    found = Release(template, dict(Registered({VARIABLE: _operations(template)})))
    for one in definitions(found.sagas.values()):
        written = assembly / "definitions" / f"{one.saga}.asl.json"
        if not written.is_file() or written.read_text(encoding="utf-8") != one.text:
            raise NotSeen(f"{assembly} was not made from this source: its {one.saga} is another; synthesise it anew")
    return found


def _operations(template: Json) -> str:
    """Of the first function: all have the same."""
    for one in template["Resources"].values():
        if one["Type"] == "AWS::Lambda::Function":
            variables = one.get("Properties", {}).get("Environment", {}).get("Variables", {})
            if VARIABLE in variables:
                return str(variables[VARIABLE])
    raise NotSeen("the template has no function that knows its operations; is it Windlass's?")
