"""The interpreter against what real Step Functions recorded: status, output or error, cause, events in all detail.

The recordings are facts from outside this repository (`$WINDLASS_FIXTURES`, or `../shared/fixtures` beside it).
"""

import gzip
import json
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rehearsal.boundary import Outcome, Took
from rehearsal.clock import Clock
from rehearsal.execution import Execution
from rehearsal.failures import TaskError
from rehearsal.machines import StepFunctions

Json = Any

FIXTURES = Path(os.environ.get("WINDLASS_FIXTURES", Path(__file__).parents[2] / "../shared/fixtures"))
RECORDINGS = FIXTURES / "asl" / "recorded_on_aws.json.gz"

UNSUPPORTED: dict[str, str] = {}
"""Case id to the reason why the interpreter does not do as AWS did. None at present."""

NOISE = {
    "SdkHttpMetadata",
    "SdkResponseMetadata",
    "stackTrace",
    "requestId",
    "ExecutedVersion",
    "redriveCount",
    "RedriveCount",
    "redriveStatus",
    "timestamp",
    "assignedVariables",
    "assignedVariablesDetails",
}
ANY_TIME = {"timestamp", "date", "entered-time", "start-time"}
PLACEHOLDER = re.compile(r"<[^<>]*>")


@cache
def recordings() -> dict[str, Json]:
    """By case id; empty where the fixtures are not."""
    if not RECORDINGS.exists():
        return {}
    with gzip.open(RECORDINGS, "rt") as file:
        return {case["id"]: case for case in json.load(file)["cases"]}


@pytest.mark.skipif(not recordings(), reason=f"no recordings at {RECORDINGS}")
@pytest.mark.parametrize("case_id", sorted(set(recordings()) - set(UNSUPPORTED)))
def test_a_machine_does_what_it_did_on_aws(case_id: str) -> None:
    case = recordings()[case_id]
    expected = case["expected"]

    execution = rehearsed(case)

    assert execution.status == expected["status"], execution.cause
    assert_same(execution.output, expected.get("output"), case)
    assert (execution.error or None) == (expected.get("error") or None)
    assert_same(execution.cause, expected.get("cause"), case)
    assert execution.events == expected["event_count"]
    assert_same_events([event["type"] for event in execution.history or []], expected)
    if expected["events_fidelity"] == "exact":
        assert_same(execution.history, expected["events"], case)


@pytest.mark.skipif(not recordings(), reason=f"no recordings at {RECORDINGS}")
def test_no_case_is_left_out_unnamed() -> None:
    assert len(recordings()) == 172
    assert set(UNSUPPORTED) <= set(recordings())


def rehearsed(case: Json) -> Execution:
    clock = Clock()
    service = StepFunctions(clock, lambda function, payload: behave(case["lambdas"], function, payload))
    service.define("machine-1", case["definition"])
    service.start("machine-1", "execution-1", case["input"])
    return service.run("execution-1")


def behave(lambdas: Json, function: str, payload: Json) -> Outcome:
    name = function.rpartition(":function:")[2]
    if name not in lambdas:
        arn = f"arn:aws:lambda:us-east-1:111111111111:function:{name}:$LATEST"
        service = "(Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: 1; "
        raise TaskError("Lambda.ResourceNotFoundException", f"Function not found: {arn} {service}Proxy: null)")
    behaviour = lambdas[name]
    match behaviour["op"]:
        case "echo":
            return payload
        case "return":
            return behaviour["value"]
        case "sleep_then_echo":
            return Took(behaviour["seconds"], payload)
        case "return_string_of_size":
            return behaviour["char"] * (behaviour["bytes"] // len(behaviour["char"].encode()))
        case "raise":
            cause = {"errorMessage": behaviour["errorMessage"], "errorType": behaviour["errorType"]}
            raise TaskError(behaviour["errorType"], json.dumps(cause))
    raise NotImplementedError(behaviour["op"])


def assert_same_events(ours: list[str], expected: Json) -> None:
    """In order, unless branches ran at once; a lossy recording holds only some of the events that there were."""
    recorded = expected["event_types"]
    match expected["events_fidelity"]:
        case "exact":
            assert ours == recorded
        case "multiset":
            assert sorted(ours) == sorted(recorded)
        case "lossy":
            assert Counter(recorded) <= Counter(ours)


def assert_same(ours: Json, recorded: Json, case: Json) -> None:
    ours, recorded = plain(ours), plain(recorded)
    assert same(ours, recorded, set(case["wildcards"])), f"{ours!r}\nis not as recorded:\n{recorded!r}"


def plain(value: Json) -> Json:
    """Without what differs from run to run, and with JSON inside strings opened."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return plain(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in NOISE}
    return [plain(item) for item in value] if isinstance(value, list) else value


def same(ours: Json, recorded: Json, wildcards: set[str]) -> bool:
    if isinstance(recorded, str) and (recorded in wildcards or recorded in ANY_TIME):
        return ours is not None
    if isinstance(recorded, str) and PLACEHOLDER.search(recorded):
        pattern = ".+".join(re.escape(piece) for piece in PLACEHOLDER.split(recorded))
        return isinstance(ours, str) and re.fullmatch(pattern, ours, re.DOTALL) is not None
    if isinstance(recorded, dict) and isinstance(ours, dict):
        return ours.keys() == recorded.keys() and all(same(ours[key], recorded[key], wildcards) for key in recorded)
    if isinstance(recorded, list) and isinstance(ours, list):
        return len(ours) == len(recorded) and all(map(same, ours, recorded, [wildcards] * len(ours)))
    return type(ours) is type(recorded) and bool(ours == recorded)
