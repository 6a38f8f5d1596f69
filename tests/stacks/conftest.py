import os

os.environ["CDK_VALIDATION"] = "false"  # 3 to 10 s; the CLI smoke synthesises with it
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stacks.application import application
from stacks.layer import STAMP, lock_hash

Json = dict[str, Any]


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in for the built layer: synth points to it and never looks inside."""
    folder = tmp_path_factory.mktemp("layer")
    (folder / "python").mkdir()
    (folder / STAMP).write_text(lock_hash())
    return folder


@pytest.fixture(scope="session")
def synthesised(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The folder of the synthesised app, by context."""

    def synthesise(**context: str) -> Path:
        folder = tmp_path_factory.mktemp("assembly")
        application(context, outdir=folder, layer=layer).synth()
        return folder

    return synthesise


@pytest.fixture(scope="session")
def assembly(synthesised: Callable[..., Path]) -> Path:
    return synthesised()


@pytest.fixture(scope="session")
def template(assembly: Path) -> Json:
    found: Json = json.loads((assembly / "Windlass.template.json").read_text())
    return found


@pytest.fixture(scope="session")
def resources(template: Json) -> dict[str, Json]:
    """By logical id."""
    found: dict[str, Json] = template["Resources"]
    return found


@pytest.fixture(scope="session")
def of_type(resources: dict[str, Json]) -> Callable[[str], dict[str, Json]]:
    """Properties of the resources of a type, by logical id."""
    return lambda kind: {name: one.get("Properties", {}) for name, one in resources.items() if one["Type"] == kind}


@pytest.fixture(scope="session")
def functions(of_type: Callable[[str], dict[str, Json]]) -> dict[str, Json]:
    """Properties of the functions, by deployed name."""
    return {one["FunctionName"]: one for one in of_type("AWS::Lambda::Function").values()}


@pytest.fixture(scope="session")
def machines(of_type: Callable[[str], dict[str, Json]]) -> dict[str, Json]:
    """Properties of the state machines, by deployed name."""
    return {one["StateMachineName"]: one for one in of_type("AWS::StepFunctions::StateMachine").values()}


@pytest.fixture(scope="session")
def statements(
    functions: dict[str, Json], machines: dict[str, Json], of_type: Callable[[str], dict[str, Json]]
) -> dict[str, list[Json]]:
    """What each function and each machine is allowed, by its deployed name; actions and resources always as lists.

    Roles of AWS's services go by their names in the template.
    """
    owners = {role: role for role in of_type("AWS::IAM::Role")}
    owners |= {one["Role"]["Fn::GetAtt"][0]: name for name, one in functions.items()}
    owners |= {one["RoleArn"]["Fn::GetAtt"][0]: name for name, one in machines.items()}
    found: dict[str, list[Json]] = {name: [] for name in owners.values()}
    for policy in of_type("AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            found[owners[role["Ref"]]] += map(_listed, policy["PolicyDocument"]["Statement"])
    for role, one in of_type("AWS::IAM::Role").items():
        for policy in one.get("Policies", ()):
            found[owners[role]] += map(_listed, policy["PolicyDocument"]["Statement"])
    return found


def _listed(statement: Json) -> Json:
    lists = {name: one if isinstance(one := statement[name], list) else [one] for name in ("Action", "Resource")}
    return statement | lists
