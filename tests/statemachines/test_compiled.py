"""What is generated from the sagas: the machines that are deployed and the pages that people read."""

import importlib
import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_all  # type: ignore[import-untyped]  # cfn-lint ships no types
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from rehearsal.asl import Machine
from saga import Saga
from saga.compiler import compile_saga, worst_case
from statemachines import ALL, reference
from statemachines.__main__ import ROOT, main
from statemachines.artefacts import artefacts, machine, snake
from statemachines.artefacts.fields import tables

Json = dict[str, Any]
AnySaga = Saga[Any, Any, Any]
every_saga = pytest.mark.parametrize("saga", ALL, ids=lambda saga: str(saga.name))
HOLE = re.compile(r"\$\{(\w+)Function\}")


def filled(text: str) -> str:
    return HOLE.sub(r"arn:aws:lambda:eu-west-1:123456789012:function:\1:live", text)


def test_nothing_committed_is_stale() -> None:
    assert main(["--check"]) == 0


def test_every_stale_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([], tmp_path)
    (tmp_path / "docs/operations/create_server_group.md").write_text("by hand")
    (tmp_path / "statemachines/compiled/resize_server_group.asl.json").unlink()
    (tmp_path / "statemachines/compiled/nobodys_server_group.asl.json").write_text("{}")

    assert main(["--check"], tmp_path) == 1

    assert capsys.readouterr().err.splitlines() == [
        "docs/operations/create_server_group.md is stale; run `python -m statemachines`",
        "statemachines/compiled/nobodys_server_group.asl.json belongs to no operation; run `python -m statemachines`",
        "statemachines/compiled/resize_server_group.asl.json is stale; run `python -m statemachines`",
    ]


def test_writing_leaves_nothing_stale(tmp_path: Path) -> None:
    orphan = tmp_path / "statemachines/compiled/nobodys_server_group.asl.json"
    orphan.parent.mkdir(parents=True)
    orphan.write_text("{}")

    assert main([], tmp_path) == 0

    assert not orphan.exists()
    assert main(["--check"], tmp_path) == 0


@every_saga
def test_an_operation_is_found_by_one_name(saga: AnySaga) -> None:
    module = importlib.import_module(f"statemachines.{snake(saga.name)}")

    assert getattr(module, snake(saga.name).upper()) is saga


@every_saga
def test_the_machine_is_what_the_compiler_makes_of_the_saga(saga: AnySaga) -> None:
    assert json.loads(machine(saga)) == compile_saga(saga)
    assert max(map(len, machine(saga).splitlines())) <= 120


@every_saga
def test_both_interpreters_accept_the_machine(saga: AnySaga) -> None:
    program: Any
    program, _ = AmazonStateLanguageParser.parse(filled(machine(saga)))

    assert set(program.states.states) == set(Machine(compile_saga(saga)).states)


def linted(definition: Json) -> list[str]:
    """Errors and warnings, the definition being an object: in a string with holes cfn-lint checks next to nothing."""
    # cfn-lint does not know that Succeed takes an OutputPath: https://states-language.net/#state-type-table
    del definition["States"]["Succeeded"]["OutputPath"]
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/states", "Definition": definition}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    found = lint_all(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Machine": machine}}))
    return [match.message for match in found if not match.rule.id.startswith("I")]


def test_cfn_lint_finds_nothing_in_a_machine_and_something_in_a_broken_one() -> None:
    definition = json.loads(filled(machine(ALL[-1])))
    broken = {"States": deepcopy(definition["States"])}

    assert linted(definition) == []
    assert linted(broken) == ["'StartAt' is a required property"]


@every_saga
def test_every_function_a_machine_calls_is_the_engine_or_an_activity_module(saga: AnySaga) -> None:
    modules = {snake(name) for name in HOLE.findall(machine(saga))} - {"engine"}

    assert all((ROOT / "lambdas" / "activities" / f"{module}.py").exists() for module in modules)


@every_saga
def test_a_definition_has_less_than_a_quarter_of_a_megabyte(saga: AnySaga) -> None:
    assert len(json.dumps(compile_saga(saga))) < 256 * 1024


@every_saga
def test_every_state_with_every_retry_stays_where_the_entrypoint_would_hold(saga: AnySaga) -> None:
    assert worst_case(compile_saga(saga)) < 15_000


@every_saga
def test_whatever_an_operator_may_ask_about_has_a_sentence(saga: AnySaga) -> None:
    activities: list[Callable[..., Any]] = [saga.plan, *(wait.check for wait in saga.waits)]
    activities += [activity for one in saga.changes for activity in (one.do, one.undo) if activity]

    assert [activity.__name__ for activity in activities if not activity.__doc__] == []


@every_saga
def test_a_page_names_every_state_field_and_end(saga: AnySaga) -> None:
    _, (path, text) = artefacts(saga).items()
    fields = saga.request_type.model_json_schema()["properties"]

    assert path == Path("docs", "operations", f"{snake(saga.name)}.md")
    assert text.startswith(f"# {saga.name}\n")
    assert [name for name in (*compile_saga(saga)["States"], *fields) if name not in text] == []


@every_saga
def test_a_page_says_where_each_failure_leads(saga: AnySaga) -> None:
    text = artefacts(saga)[Path("docs", "operations", f"{snake(saga.name)}.md")]

    for at, one in enumerate(saga.reversible):
        undo = saga.way_back(at)[0]
        assert f"| `{one.name}` | `{undo}` | `{undo}` | `{undo}` | `Hold` |" in text


@every_saga
def test_a_page_tells_an_operators_permissions(saga: AnySaga) -> None:
    text = artefacts(saga)[Path("docs", "operations", f"{snake(saga.name)}.md")]

    for one in saga.changes:
        declared = importlib.import_module(one.do.__module__).ACTIONS
        assert ", ".join(f"`{action}`" for action in sorted(declared)) in text


def test_a_schema_becomes_tables() -> None:
    size = {"type": "object", "description": "How\nmany.", "properties": {"min": {"type": "integer", "minimum": 0}}}
    schema = {
        "properties": {
            "name": {"type": "string", "description": "One | two."},
            "size": {"anyOf": [{"$ref": "#/$defs/Size"}, {"type": "null"}], "default": None},
            "zones": {"type": "array", "items": {"type": "string"}, "default": ["a"]},
            "kind": {"enum": ["x", "y"], "type": "string", "default": "x"},
            "tags": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 9}},
            "most": {"type": "integer", "maximum": 9, "default": 3},
            "within": {"type": "string", "format": "duration"},
            "extra": {},
        },
        "required": ["name"],
        "$defs": {"Size": size, "Word": {"enum": ["a"]}},
    }

    assert list(tables(schema)) == [
        "| field | type | default | what |",
        "|---|---|---|---|",
        "| `name` | text | required | One \\| two. |",
        "| `size` | [Size](#size) |  |  |",
        '| `zones` | list of text | `["a"]` |  |',
        '| `kind` | `x`, `y` | `"x"` |  |',
        "| `tags` | map to whole number, 1 to 9 |  |  |",
        "| `most` | whole number, at most 9 | `3` |  |",
        "| `within` | duration |  |  |",
        "| `extra` | anything |  |  |",
        "",
        "### Size",
        "",
        "How\nmany.",
        "",
        "| field | type | default | what |",
        "|---|---|---|---|",
        "| `min` | whole number, at least 0 |  |  |",
    ]


@every_saga
def test_it_is_known_by_the_module_that_is_called_as_it_is(saga: AnySaga) -> None:
    assert reference(saga) == f"statemachines.{snake(saga.name)}:{snake(saga.name).upper()}"
