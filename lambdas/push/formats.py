"""Messages of notifications: pure functions from an event to what a chat, a pager, a mailbox or GitHub reads.

They go to an SNS topic, and whoever is subscribed there takes them on: Amazon Q Developer in chat applications to
Slack, an HTTPS endpoint or a function to Teams, PagerDuty and GitHub. All messages of an operation are one thread.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lambdas.push.events import Kind
from lambdas.push.model import Event, Json
from lambdas.push.receivers import Notification

TITLES = {
    Kind.ACCEPTED: "accepted",
    Kind.STARTED: "started",
    Kind.HELD: "held: somebody has to decide",
    Kind.PAUSED: "paused",
    Kind.RESUMED: "goes on",
    Kind.CANCELLING: "is being cancelled",
    Kind.REVOKED: "was taken off its guard by force",
    Kind.UNDOING: "is being put back",
    Kind.SUCCEEDED: "succeeded",
    Kind.ROLLED_BACK: "was put back",
    Kind.NEEDS_ATTENTION: "needs attention: something is left",
    Kind.NOT_STARTED: "was not started",
}
MARKS = {
    Kind.HELD: ":raised_hand:",
    Kind.PAUSED: ":double_vertical_bar:",
    Kind.UNDOING: ":leftwards_arrow_with_hook:",
    Kind.SUCCEEDED: ":white_check_mark:",
    Kind.ROLLED_BACK: ":rewind:",
    Kind.NEEDS_ATTENTION: ":rotating_light:",
}
ASKS = (Kind.HELD, Kind.NEEDS_ATTENTION)
"""A person has to do something."""
BAD = (*ASKS, Kind.ROLLED_BACK, Kind.NOT_STARTED)
SUBJECT = 100
"""Characters of an SNS subject, printable ASCII: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
GITHUB_DESCRIPTION = 140
"""https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status"""


@dataclass(frozen=True)
class Message:
    """What is published. `attributes` are for the filters of subscriptions."""

    body: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    thread: str = ""
    """The operation: the message group of a FIFO topic."""
    identifier: str = ""
    """The event's id: the deduplication id of a FIFO topic."""


def message(to: Notification, event: Event) -> Message:
    """The event in the receiver's format."""
    body = FORMATS[to.format](event, to)
    return Message(
        body=body if isinstance(body, str) else json.dumps(body, ensure_ascii=False),
        attributes={
            "operation": event.subject,
            "event": event.kind.value,
            "application": event.data.application,
            "format": to.format,
        },
        subject=subject(event),
        thread=event.subject,
        identifier=event.id,
    )


def slack(event: Event, to: Notification) -> Json:
    """A custom notification of Amazon Q Developer in chat applications, which threads by `threadId`.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
    """
    return {
        "version": "1.0",
        "source": "custom",
        "id": event.id,
        "content": {
            "textType": "client-markdown",
            "title": f"{MARKS.get(event.kind, ':gear:')} {headline(event)}",
            "description": "\n".join(f"*{name}*: {_chat(value)}" for name, value in facts(event).items()),
            "nextSteps": [_chat(step) for step in next_steps(event)],
            "keywords": [event.data.application, event.data.account, event.data.region],
        },
        "metadata": {
            "threadId": event.subject,
            "summary": headline(event),
            "eventType": event.type,
            "relatedResources": [event.data.cluster],
            "additionalContext": {"operation": event.subject, "status": event.data.status.value},
        },
    }


def teams(event: Event, to: Notification) -> Json:
    """An Adaptive Card in the message that a Teams workflow's webhook takes.

    https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
    """
    rows = [{"title": name, "value": value} for name, value in facts(event).items()]
    steps = [{"type": "TextBlock", "wrap": True, "text": step} for step in next_steps(event)]
    colour = "attention" if event.kind in BAD else "good" if event.kind is Kind.SUCCEEDED else "default"
    title = {"type": "TextBlock", "size": "medium", "weight": "bolder", "wrap": True}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{**title, "color": colour, "text": headline(event)}, {"type": "FactSet", "facts": rows}, *steps],
    }
    attached = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attached]}


def pagerduty(event: Event, to: Notification) -> Json:
    """An event of PagerDuty's Events API v2 without its routing key, which is the subscriber's to add.

    One incident per operation: it is triggered where a person has to act, and resolved by whatever comes after.
    https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
    """
    known: Json = {"dedup_key": event.subject, "event_action": "trigger" if event.kind in ASKS else "resolve"}
    if event.kind not in ASKS:
        return known
    return {
        **known,
        "client": "Windlass",
        "payload": {
            "summary": headline(event),
            "source": event.source,
            "severity": "critical" if event.kind is Kind.NEEDS_ATTENTION else "error",
            "timestamp": event.time.isoformat(),
            "component": event.data.cluster,
            "group": event.data.application,
            "class": event.type,
            "custom_details": {**facts(event), "next": next_steps(event)},
        },
    }


def email(event: Event, to: Notification) -> str:
    """Text. Mail programs make a thread of what has one subject, so the subject never says how it stands."""
    lines = [headline(event), "", *(f"{name}: {value}" for name, value in facts(event).items())]
    steps = next_steps(event)
    return "\n".join([*lines, *(["", *steps] if steps else []), ""])


def github(event: Event, to: Notification) -> Json:
    """What a subscriber with a token sends on: the deployment, found or made by its payload, and its new status.

    https://docs.github.com/en/rest/deployments/deployments and /statuses
    """
    return {
        "repository": to.repository,
        "deployment": {
            "task": f"windlass:{event.data.type}",
            "environment": f"{event.data.account}/{event.data.region}",
            "payload": {"operation": event.subject},
            "auto_merge": False,
            "required_contexts": [],
        },
        "status": {
            "state": _STATES.get(event.kind, "in_progress"),
            "description": _cut(headline(event), GITHUB_DESCRIPTION),
            "environment": f"{event.data.account}/{event.data.region}",
            "auto_inactive": event.kind is Kind.SUCCEEDED,
        },
    }


Format = Callable[[Event, Notification], Json | str]
FORMATS: Mapping[str, Format] = {
    "slack": slack,
    "teams": teams,
    "pagerduty": pagerduty,
    "email": email,
    "github": github,
    "json": lambda event, to: event.json_value,
}
_STATES = {
    Kind.ACCEPTED: "queued",
    Kind.SUCCEEDED: "success",
    Kind.ROLLED_BACK: "failure",
    Kind.NOT_STARTED: "failure",
    Kind.NEEDS_ATTENTION: "error",
}


def headline(event: Event) -> str:
    """`createServerGroup of shop-prod in us-east-1 succeeded`."""
    name = event.data.cluster.rpartition("/")[2]
    return f"{event.data.type} of {name} in {event.data.region} {TITLES.get(event.kind, event.kind.value)}"


def facts(event: Event) -> dict[str, str]:
    """What a reader wants to know, in this order."""
    data = event.data
    found = {
        "Step": data.step,
        "Reason": data.reason,
        "By": data.by,
        "Account": data.account,
        "Asked by": f"{data.user} via {data.caller}" if data.user else data.caller,
        "Operation": event.subject,
    }
    return {name: value for name, value in found.items() if value}


def next_steps(event: Event) -> list[str]:
    signals = f"POST /operations/{event.subject}/signals"
    if event.kind is Kind.HELD:
        return [f'{signals} {{"signal": "decide", "decision": "retry"}}; or rollback, skip, abandon']
    if event.kind is Kind.PAUSED:
        return [f'{signals} {{"signal": "resume"}}']
    if event.kind is Kind.NEEDS_ATTENTION:
        return [f"GET {event.data.runbook} says what is left, by ARN, and the lines that finish it"]
    return []


def subject(event: Event) -> str:
    """The same for all events of an operation."""
    text = f"Windlass: {event.data.type} {event.data.cluster.rpartition('/')[2]} ({event.subject})"
    return _cut("".join(one if " " <= one <= "~" else "?" for one in text), SUBJECT)


def _chat(text: str) -> str:
    """No text of an operation pings a channel or becomes a link: https://api.slack.com/reference/surfaces/formatting"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
