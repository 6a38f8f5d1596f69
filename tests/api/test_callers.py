from typing import Any

import pytest

from lambdas.api.caller import caller_of, delegates_of, trace_of
from lambdas.api.problems import Problem

ORCA = "arn:aws:iam::123456789012:role/orca"


def event(arn: str, **headers: str) -> dict[str, Any]:
    return {"requestContext": {"identity": {"userArn": arn}}, "headers": headers}


def test_all_sessions_of_a_role_are_one_caller() -> None:
    sessions = [f"arn:aws:sts::123456789012:assumed-role/orca/{name}" for name in ("i-1", "i-2")]

    assert {caller_of(event(arn), ()).principal for arn in sessions} == {ORCA}


@pytest.mark.parametrize(
    ("delegates", "user"), [((), None), ((ORCA,), "ann"), (("arn:aws:iam::*:role/orca",), "ann"), (("*gate*",), None)]
)
def test_the_named_user_counts_only_from_delegates(delegates: tuple[str, ...], user: str | None) -> None:
    assert caller_of(event(ORCA, **{"x-spinnaker-user": "ann"}), delegates).user == user


@pytest.mark.parametrize("context", [{}, {"identity": None}, {"identity": {"userArn": None}}])
def test_nobody_is_refused(context: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        caller_of({"requestContext": context, "headers": None}, ())

    assert refused.value.status == 403


def test_delegates_are_a_list_with_commas() -> None:
    assert delegates_of({"WINDLASS_DELEGATES": f" {ORCA}, *gate* ,"}) == (ORCA, "*gate*")
    assert delegates_of({}) == ()


def test_the_execution_id_is_kept_before_the_traceparent() -> None:
    assert trace_of(event(ORCA, Traceparent="00-1-2-01")) == "00-1-2-01"
    assert trace_of(event(ORCA, traceparent="00-1-2-01", **{"X-Spinnaker-Execution-Id": "01A"})) == "01A"
    assert trace_of(event(ORCA)) is None
