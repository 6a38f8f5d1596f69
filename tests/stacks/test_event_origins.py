"""From whom the stack takes events, and which functions may answer a machine."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
ANSWERS = {"states:SendTaskSuccess", "states:SendTaskFailure"}


def test_only_aws_itself_can_send_what_the_rules_hear(of_type: Callable[[str], dict[str, Json]]) -> None:
    """`aws.` is a source that PutEvents refuses:
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
    """
    rules = of_type("AWS::Events::Rule")
    heard = {name: one["EventPattern"]["source"] for name, one in rules.items() if "EventPattern" in one}

    assert heard
    assert {
        name: sources for name, sources in heard.items() if not all(one.startswith("aws.") for one in sources)
    } == {}
    assert [name for name, one in rules.items() if ("EventPattern" in one) is ("ScheduleExpression" in one)] == []


def test_tokens_are_answered_by_those_functions_alone_that_need_it(statements: dict[str, list[Json]]) -> None:
    may = {name for name, some in statements.items() if any(ANSWERS & set(one["Action"]) for one in some)}

    assert may == {f"windlass-{name}" for name in ("Api", "Engine", "Projector", "Sweep")}


def test_no_machine_answers_or_starts_another(statements: dict[str, list[Json]], machines: dict[str, Json]) -> None:
    actions = {action for name in machines for one in statements[name] for action in one["Action"]}

    assert not [one for one in actions if one.startswith("states:")]
