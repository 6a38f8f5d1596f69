"""EventBridge: rules whose targets are really called, schedules that really fire, and events of AWS's own services."""

from __future__ import annotations

import json
import logging
import queue
import re
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from jsonpath_ng.ext.parser import parse as parse_path
from moto.awslambda.models import lambda_backends
from moto.events.models import EventsBackend, Rule, events_backends
from moto.events.utils import EventTemplateParser

from local.clients import Clients
from local.functions import Functions
from local.patches import replace
from local.settings import ACCOUNT, Settings

log = logging.getLogger(__name__)

Json = dict[str, Any]

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}


class EventBus:
    """Deliveries go through one thread, in the order of the events."""

    def __init__(self, settings: Settings, clients: Clients, functions: Functions) -> None:
        self._settings = settings
        self._clients = clients
        self._functions = functions
        self._deliveries: queue.SimpleQueue[tuple[Json, str, str]] = queue.SimpleQueue()

    def start(self) -> None:
        threading.Thread(target=self._deliver_all, daemon=True, name="event bus").start()
        threading.Thread(target=self._fire_schedules, daemon=True, name="schedules").start()

    def emit(
        self,
        *,
        region: str,
        source: str,
        detail_type: str,
        resources: list[str],
        detail: Json,
        account: str = ACCOUNT,
    ) -> None:
        """An event of one of AWS's own services, on the account's default bus."""
        event = _event(region, source, detail_type, resources, detail) | {"account": account}
        for rule in list(events_backends[account][region].event_buses["default"].rules.values()):
            self.send(rule, event)

    def send(self, rule: Rule, event: Json) -> None:
        if rule.state != "ENABLED" or rule.scheduled_expression or not rule.event_pattern.matches_event(event):  # type: ignore[arg-type]
            return
        self._enqueue(rule, event)

    def _enqueue(self, rule: Rule, event: Json) -> None:
        for target in list(rule.targets):
            self._deliveries.put((target, _input(target, event), rule.region_name))

    def _deliver_all(self) -> None:
        while True:
            target, text, region = self._deliveries.get()
            try:
                self._deliver(target, text, region)
            except Exception:
                log.debug("event to %s", target["Arn"], exc_info=True)
                self._bury(target, text, region)

    def _deliver(self, target: Json, text: str, region: str) -> None:
        arn = target["Arn"]
        service = arn.split(":")[2]
        if service == "lambda":
            function = lambda_backends[ACCOUNT][region].get_function(arn, None)
            self._functions.invoke_later(function, text, arn=arn)
        elif service == "states":
            client = self._clients.get("stepfunctions", region)
            client.start_execution(stateMachineArn=arn, name=str(uuid.uuid4()), input=text)
        elif service == "sqs":
            group = target.get("SqsParameters", {}).get("MessageGroupId")
            self._send_message(arn, text, region, {"MessageGroupId": group} if group else {})
        elif service == "sns":
            self._clients.get("sns", region).publish(TopicArn=arn, Message=text)
        elif service == "logs":
            self._write_log(arn, text, region)
        elif ":event-bus/" in arn:
            self._forward(arn, json.loads(text))
        else:
            raise NotImplementedError(f"targets like {arn}")

    def _send_message(self, arn: str, text: str, region: str, options: Json) -> None:
        sqs = self._clients.get("sqs", region)
        url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=text, **options)

    def _write_log(self, arn: str, text: str, region: str) -> None:
        group, stream, logs = arn.split(":")[6], str(uuid.uuid4()), self._clients.get("logs", region)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        event = {"timestamp": int(time.time() * 1000), "message": text}
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])

    def _forward(self, arn: str, event: Json) -> None:
        region, account, name = arn.split(":")[3], arn.split(":")[4], arn.rpartition("/")[2]
        bus = events_backends[account][region].event_buses[name]
        if not takes(bus.policy, account, event):
            log.debug("%s takes no such event of %s", arn, event["account"])
            return
        for rule in list(bus.rules.values()):
            self.send(rule, event)

    def _bury(self, target: Json, text: str, region: str) -> None:
        dead_letters = target.get("DeadLetterConfig", {}).get("Arn")
        if dead_letters:
            self._send_message(dead_letters, text, region, {})

    def _fire_schedules(self) -> None:
        """Rates only: a rule of cron times is kept and never fires."""
        due: dict[str, float] = {}
        while True:
            rules = self._scheduled()
            now = time.monotonic()
            due = {arn: due.get(arn, now + period) for arn, (_, period) in rules.items()}
            for arn, (rule, period) in rules.items():
                if due[arn] <= now:
                    due[arn] = now + period
                    self._enqueue(rule, _event(rule.region_name, "aws.events", "Scheduled Event", [arn], {}))
            time.sleep(min(0.25, self._settings.minute.total_seconds() / 4))

    def _scheduled(self) -> dict[str, tuple[Rule, float]]:
        found: dict[str, tuple[Rule, float]] = {}
        for backend in list(events_backends[ACCOUNT].values()):
            for rule in _rules(backend):
                rate = _RATE.fullmatch(rule.scheduled_expression or "")
                if rate and rule.state == "ENABLED":
                    minutes = int(rate[1]) * _MINUTES[rate[2]]
                    found[rule.arn] = rule, (minutes * self._settings.minute) / timedelta(seconds=1)
        return found


def takes(policy: str | None, account: str, event: Json) -> bool:
    """Whether a bus takes an event that was forwarded: its own account's, or whose its policy names, of these kinds."""
    if event["account"] == account:
        return True
    statements = json.loads(policy)["Statement"] if policy else []
    return any(_names(one["Principal"], event["account"]) and _is_meant(one, event) for one in statements)


def _names(principal: Any, account: str) -> bool:
    return isinstance(principal, dict) and f"arn:aws:iam::{account}:root" in principal["AWS"]


def _is_meant(statement: Json, event: Json) -> bool:
    """The one condition that is understood; a statement with another is for nobody."""
    conditions = dict(statement.get("Condition", {}))
    asked = conditions.pop("ForAllValues:StringEquals", {})
    said = {"events:source": event["source"], "events:detail-type": event["detail-type"]}
    return not conditions and all(said[key] in values for key, values in asked.items())


def _rules(backend: EventsBackend) -> list[Rule]:
    return [rule for bus in list(backend.event_buses.values()) for rule in list(bus.rules.values())]


def _event(region: str, source: str, detail_type: str, resources: list[str], detail: Json) -> Json:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": resources,
        "detail": detail,
    }


def _input(target: Json, event: Json) -> str:
    """What the target receives: its constant, a part of the event, the event transformed, or the event."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = parse_path(target["InputPath"]).find(event)
        return json.dumps(found[0].value if found else None)
    if transformer := target.get("InputTransformer"):
        timed: Any = event | {"ingestion-time": event["time"]}
        paths = transformer.get("InputPathsMap", {})
        return json.dumps(EventTemplateParser.parse(transformer["InputTemplate"], paths, timed))
    return json.dumps(event)


def install(bus: EventBus) -> None:
    def send_to_targets(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
        event = {name: value for name, value in original_event.items() if name != "ingestion-time"}
        if isinstance(event["time"], int | float):
            event["time"] = datetime.fromtimestamp(event["time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        bus.send(rule, event)

    replace(Rule, send_to_targets=send_to_targets)
