"""What chats, pagers, mailboxes and GitHub are told: the shapes that their documentation shows."""

import json
import re
from typing import Any

import pytest

from lambdas.api.receivers import Event as Asked
from lambdas.api.receivers import NotificationRequest
from lambdas.push.events import TOLD, Kind
from lambdas.push.formats import FORMATS, Message, message
from lambdas.push.model import Event, data_of, event_of
from lambdas.push.receivers import Notification
from lambdas.values import changed
from tests.push.test_bus_events import ROW

TOPIC = "arn:aws:sns:us-east-1:123456789012:windlass-ops"
OPERATION = {"pagerduty": "dedup_key"}


def event(kind: Kind, **about: str) -> Event:
    data = data_of(ROW, **about).model_dump(mode="json", by_alias=True, exclude_none=True)
    return event_of("urn:windlass:1:us-east-1:windlass", 7, kind, 1_700_000_001.5, data)


def sent(format_: str, kind: Kind, **about: str) -> Message:
    return message(Notification("team", TOPIC, format_, repository="acme/shop"), event(kind, **about))


def body(format_: str, kind: Kind, **about: str) -> Any:
    return json.loads(sent(format_, kind, **about).body)


HELD = {"step": "ScaleUp", "reason": "Exhausted: NoCapacity: none <here>"}


def test_slack_by_amazon_q_developer_s_custom_notification() -> None:
    assert body("slack", Kind.HELD, **HELD) == {
        "version": "1.0",
        "source": "custom",
        "id": "abc.7",
        "content": {
            "textType": "client-markdown",
            "title": ":raised_hand: createServerGroup of shop-prod in us-east-1 held: somebody has to decide",
            "description": "*Step*: ScaleUp\n*Reason*: Exhausted: NoCapacity: none &lt;here&gt;\n*Account*: test\n"
            "*Asked by*: arn:aws:iam::123456789012:user/orca\n*Operation*: abc",
            "nextSteps": [
                'POST /operations/abc/signals {"signal": "decide", "decision": "retry"}; or rollback, skip, abandon'
            ],
            "keywords": ["shop", "test", "us-east-1"],
        },
        "metadata": {
            "threadId": "abc",
            "summary": "createServerGroup of shop-prod in us-east-1 held: somebody has to decide",
            "eventType": "windlass.operation.held",
            "relatedResources": ["test/us-east-1/shop-prod"],
            "additionalContext": {"operation": "abc", "status": "RUNNING"},
        },
    }


def test_teams_by_an_adaptive_card() -> None:
    told = body("teams", Kind.NEEDS_ATTENTION, reason="Rejected: x")
    (attached,) = told["attachments"]
    card = attached["content"]

    assert (told["type"], attached["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert [one["type"] for one in card["body"]] == ["TextBlock", "FactSet", "TextBlock"]
    assert card["body"][0]["color"] == "attention"
    assert {"title": "Reason", "value": "Rejected: x"} in card["body"][1]["facts"]
    assert {"title": "Operation", "value": "abc"} in card["body"][1]["facts"]


@pytest.mark.parametrize("kind", TOLD)
def test_pagerduty_has_one_incident_for_an_operation_open_while_a_person_has_to_act(kind: Kind) -> None:
    told = body("pagerduty", kind)

    assert told["dedup_key"] == "abc"
    assert told["event_action"] == ("trigger" if kind in (Kind.HELD, Kind.NEEDS_ATTENTION) else "resolve")
    assert "routing_key" not in told
    if told["event_action"] == "trigger":
        assert {"summary", "source", "severity", "timestamp"} <= told["payload"].keys()
        assert told["payload"]["severity"] in ("critical", "error")
        assert len(told["payload"]["summary"]) <= 1024


def test_both_names_are_told_the_user_s_and_who_spoke_for_it() -> None:
    asked = changed(ROW, caller="certificate:orca", user="ann")
    told = event_of("urn:windlass:1:us-east-1:windlass", 7, Kind.HELD, 1_700_000_001.5, data_of(asked).model_dump())

    assert (told.data.caller, told.data.user) == ("certificate:orca", "ann")
    assert "Asked by: ann via certificate:orca" in message(Notification("team", TOPIC, "email"), told).body.splitlines()


def test_mail_is_text_under_one_subject() -> None:
    messages = [sent("email", kind, **HELD) for kind in TOLD]

    assert {one.subject for one in messages} == {"Windlass: createServerGroup shop-prod (abc)"}
    assert messages[TOLD.index(Kind.HELD)].body.splitlines() == [
        "createServerGroup of shop-prod in us-east-1 held: somebody has to decide",
        "",
        "Step: ScaleUp",
        "Reason: Exhausted: NoCapacity: none <here>",
        "Account: test",
        "Asked by: arn:aws:iam::123456789012:user/orca",
        "Operation: abc",
        "",
        'POST /operations/abc/signals {"signal": "decide", "decision": "retry"}; or rollback, skip, abandon',
    ]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (Kind.ACCEPTED, "queued"),
        (Kind.STARTED, "in_progress"),
        (Kind.HELD, "in_progress"),
        (Kind.SUCCEEDED, "success"),
        (Kind.ROLLED_BACK, "failure"),
        (Kind.NOT_STARTED, "failure"),
        (Kind.NEEDS_ATTENTION, "error"),
    ],
)
def test_github_gets_a_deployment_and_its_status(kind: Kind, state: str) -> None:
    told = body("github", kind)

    assert told["repository"] == "acme/shop"
    assert told["deployment"]["payload"] == {"operation": "abc"}
    assert told["deployment"]["task"] == "windlass:createServerGroup"
    assert told["status"]["state"] == state
    assert len(told["status"]["description"]) <= 140
    assert told["status"]["environment"] == told["deployment"]["environment"] == "test/us-east-1"


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kind", TOLD)
def test_every_event_has_a_message_of_its_operation_s_thread(format_: str, kind: Kind) -> None:
    told = sent(format_, kind, reason="Rejected: a \x00 strange\nsentence " + "x" * 300)

    assert (told.thread, told.identifier) == ("abc", "abc.7")
    assert "abc" in told.body
    assert told.attributes == {
        "operation": "abc",
        "event": kind.value,
        "application": "shop",
        "format": format_,
    }
    assert re.fullmatch(r"[ -~]{1,100}", told.subject or "")
    assert len(told.body.encode()) < 4000


def test_what_can_be_asked_for_is_what_there_is() -> None:
    assert set(Asked.__args__) == set(TOLD)  # type: ignore[attr-defined]  # of a Literal
    schema = NotificationRequest.model_json_schema()["properties"]["format"]
    assert set(schema["enum"]) == set(FORMATS)
