"""The courier: takes one event to one receiver, again and again for a day, and never twice at the same time.

A try is noted before it is made: a courier that dies in it has failed once, and the next try comes by the row. So a
receiver may get an event twice, never not at all; what a day of tries did not bring is dead, is listed, and can be
asked for again.
"""

import json
import math
import random
from contextlib import suppress
from datetime import timedelta

from lambdas.push import deliveries, formats, herald, receivers, signature, told
from lambdas.push.deliveries import OPEN, Delivery
from lambdas.push.letters import Answered
from lambdas.push.model import MEDIA_TYPE, Event
from lambdas.push.office import Office
from lambdas.push.receivers import Webhook
from lambdas.table import Refused, Update

TRIED_FOR = 86_400.0
"""Seconds."""
SLOWEST = 3600.0
"""Seconds between two tries, at most."""
LONGEST_DELAY = 900
"""Seconds that SQS keeps a message back."""
LONGEST = 200
"""Characters kept of how a receiver took it."""


def deliver(office: Office, operation: str, name: str) -> None:
    """A message: try it, if it is time; a message that comes too early is sent on."""
    with suppress(Refused):  # somebody else is on it, or has asked for it again: what he noted comes by his message
        _deliver(office, operation, name)


def _deliver(office: Office, operation: str, name: str) -> None:
    one = deliveries.find(office.table, operation, name)
    if one is None or one.state != OPEN:
        return None
    now = office.now()
    if now < one.next:
        return _ask_again(office, one)
    if now >= one.since + TRIED_FOR and one.tries:
        return _bury(office, one, one.said or "no try reported an end")
    begun = _written(office, deliveries.tried(one, now, now + _pause(office, one.tries)))
    return _settle(office, begun, _handed_over(office, begun))


def _settle(office: Office, one: Delivery, answer: Answered) -> None:
    if answer.taken:
        _written(office, deliveries.taken(one, answer.said))
    elif answer.gone:
        _bury(office, one, answer.said)
    else:
        _ask_again(office, _written(office, deliveries.refused(one, answer.said[:LONGEST], one.next)))


def _ask_again(office: Office, one: Delivery) -> None:
    """Whole seconds, as SQS counts: a message that comes a moment too early would be sent on for nothing."""
    wait = min(math.ceil(max(one.next - office.now(), 0.0)), LONGEST_DELAY)
    office.push.deliver(one.operation, one.name, timedelta(seconds=wait))


def _bury(office: Office, one: Delivery, said: str) -> None:
    _written(office, deliveries.dead(one, said[:LONGEST], office.now()))


def _written(office: Office, change: tuple[Update, Delivery]) -> Delivery:
    """Raises Refused where somebody else has tried, or asked for it again, meanwhile."""
    office.table.write(change[0])
    return change[1]


def _pause(office: Office, tries: int) -> float:
    """Doubling, with half of it at random: those who failed together do not come together."""
    longest = min(office.pause.total_seconds() * 2.0 ** min(tries, 30), SLOWEST)
    return longest * random.uniform(0.5, 1.0)


def _handed_over(office: Office, one: Delivery) -> Answered:
    noted = told.find(office.table, one.operation, one.event)
    receiver = receivers.find(office.table, one.operation, one.app, one.receiver)
    if noted is None or receiver is None:
        return Answered(410, f"{one.receiver} was removed")
    event = herald.event(office, noted)
    if isinstance(receiver, Webhook):
        return _posted(office, receiver, event)
    return office.topics.publish(receiver.topic, formats.message(receiver, event))


def _posted(office: Office, hook: Webhook, event: Event) -> Answered:
    body, now = json.dumps(event.json_value, separators=(",", ":")), office.now()
    signed = signature.headers(event.id, int(now), body, hook.secrets(now))
    return office.letters.post(hook.url, body, {"Content-Type": MEDIA_TYPE, **signed})
