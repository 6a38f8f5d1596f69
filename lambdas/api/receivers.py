"""Who is told of an application's operations: webhooks and notifications, and what became of each delivery."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field

from lambdas import authority
from lambdas.api import lists
from lambdas.api.answers import PAGED, After, Limit, place_of, route
from lambdas.api.desk import Desk
from lambdas.api.events import the_one
from lambdas.api.problems import Problem, sentences
from lambdas.api.rights import READ_THE_OPERATION, of_the_application
from lambdas.api.views import View, instant, moment
from lambdas.engine import acts
from lambdas.engine.signals import said
from lambdas.push import deliveries, receivers, signature
from lambdas.push.deliveries import Delivery
from lambdas.push.receivers import NOTIFICATION, WEBHOOK, Notification, Webhook
from lambdas.table import Refused

log = logging.getLogger(__name__)
MOST = 20
"""Receivers of one application: all are read for each of its events, and written in one transaction."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:windlass-[A-Za-z0-9_-]{1,240}(\.fifo)?")
REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
Event = Literal[
    "accepted", "started", "held", "paused", "resumed", "cancelling", "revoked", "undoing",
    "succeeded", "rolledBack", "needsAttention", "notStarted",
]  # fmt: skip
Events = Annotated[tuple[Event, ...], Field(description="Which events it is told of; none: of all.")]


class WebhookRequest(View):
    """Where to send an application's events."""

    model_config = View.model_config | {"extra": "forbid"}

    url: str = Field(description="`https://`; no private address, unless the stack allows it.")
    secret: str | None = Field(
        default=None,
        description="`whsec_` and base64 of 24 to 64 random bytes. Left out, the one before stays; a new one signs "
        "beside the one before for a day.",
    )
    events: Events = ()


class WebhookView(View):
    """A webhook. Its secret is never answered."""

    application: str
    name: str
    url: str
    events: tuple[Event, ...]
    by: str = Field(description="Who configured it last.")
    changed: datetime
    replaced: datetime | None = Field(description="When its secret was replaced; the one before signs for a day more.")
    link: str


class WebhooksView(View):
    webhooks: tuple[WebhookView, ...]


class NotificationRequest(View):
    """An SNS topic to tell of an application's events, and how they read there."""

    model_config = View.model_config | {"extra": "forbid"}

    topic: str = Field(description="ARN of a topic whose name begins with `windlass-`.")
    format: Literal["slack", "teams", "pagerduty", "email", "github", "json"]
    events: Events = ()
    repository: str | None = Field(default=None, description="`owner/name`, for `github`.")


class NotificationView(View):
    application: str
    name: str
    topic: str
    format: str
    events: tuple[Event, ...]
    repository: str | None
    by: str
    changed: datetime
    link: str


class NotificationsView(View):
    notifications: tuple[NotificationView, ...]


class Removed(View):
    """It is not told any more, whether it was before or not."""

    removed: str


class DeliveryView(View):
    """One event and one receiver."""

    operation: str
    name: str
    event: str = Field(description="Id of the event.")
    receiver: str = Field(description="`callback`, `webhook.ci`, `notification.team`.")
    application: str
    state: Literal["open", "taken", "dead"]
    tries: int
    since: datetime = Field(description="When it was first owed, or last asked for again; it is tried for a day.")
    last: datetime | None = Field(description="When it was tried last.")
    next: datetime | None = Field(description="When it is tried next.")
    said: str | None = Field(description="How the receiver took it last.")
    redeliver: str = Field(description="POST there to have it tried again.")


class DeliveriesView(View):
    deliveries: tuple[DeliveryView, ...]
    next: str | None = Field(default=None, description="`after` of the next page; null on the last.")


@dataclass(frozen=True)
class Receivers:
    desk: Desk

    def webhooks(self, application: str) -> WebhooksView:
        """Webhooks of an application."""
        found = receivers.webhooks(self.desk.hub.table, application)
        return WebhooksView(webhooks=tuple(webhook_view(application, one) for one in found))

    def webhook(self, application: str, name: str) -> WebhookView:
        """One webhook."""
        return webhook_view(application, self._webhook(application, name))

    def put_webhook(self, application: str, name: str, request: Annotated[WebhookRequest, Body()]) -> WebhookView:
        """Have an application's events sent to a URL, signed as Standard Webhooks says. Twice is once."""
        hub, before = self.desk.hub, receivers.webhook(self.desk.hub.table, application, name)
        self._may_be(name, [*_wrong_url(self.desk, "url", request.url), *_wrong_secret(request.secret, before)])
        hook = _renewed(before, name, request, said(self.desk.caller, ""), hub.now())
        self._room(application, before is None)
        hub.table.write(receivers.put(application, hook))
        log.info("webhook %s of %s was put by %s", name, application, hook.by)
        return webhook_view(application, hook)

    def remove_webhook(self, application: str, name: str) -> Removed:
        """Send it nothing more, nor what is still owed. Without such a webhook nothing is done."""
        return self._removed(application, WEBHOOK, name)

    def notifications(self, application: str) -> NotificationsView:
        """Topics that are told of an application's events."""
        found = receivers.notifications(self.desk.hub.table, application)
        return NotificationsView(notifications=tuple(notification_view(application, one) for one in found))

    def notification(self, application: str, name: str) -> NotificationView:
        """One of them."""
        found = receivers.notification(self.desk.hub.table, application, name)
        if found is None:
            raise Problem(404, f"application {application} has no notification {name}; PUT makes one")
        return notification_view(application, found)

    def put_notification(
        self, application: str, name: str, request: Annotated[NotificationRequest, Body()]
    ) -> NotificationView:
        """Tell an SNS topic of an application's events, one thread per operation. Twice is once."""
        hub, before = self.desk.hub, receivers.notification(self.desk.hub.table, application, name)
        self._may_be(name, _wrong_notification(request))
        self._room(application, before is None)
        made = Notification(
            name,
            request.topic,
            request.format,
            request.events,
            request.repository,
            said(self.desk.caller, ""),
            hub.now(),
        )
        hub.table.write(receivers.put(application, made))
        log.info("notification %s of %s was put by %s", name, application, made.by)
        return notification_view(application, made)

    def remove_notification(self, application: str, name: str) -> Removed:
        """Tell it nothing more. Without such a notification nothing is done."""
        return self._removed(application, NOTIFICATION, name)

    def deliveries(self, operation: str) -> DeliveriesView:
        """What became of each event of an operation at each of its receivers."""
        record = the_one(self.desk, operation, "deliveries")
        found = deliveries.of(self.desk.hub.table, record.control.id)
        return DeliveriesView(deliveries=tuple(delivery_view(each) for each in found))

    def dead_letters(self, application: str, limit: Limit = 50, after: After = None) -> DeliveriesView:
        """Deliveries that a day of tries did not bring, the latest first."""
        self.desk.knows(*PAGED)
        page = lists.undelivered(self.desk.hub, application, limit=limit, after=place_of(after))
        return DeliveriesView(deliveries=tuple(delivery_view(each) for each in page.rows), next=lists.sealed(page.next))

    def redeliver(self, operation: str, delivery: str) -> DeliveryView:
        """Try a delivery now, and for a day more if need be; one that was taken is sent once more."""
        hub, row = self.desk.hub, self.desk.find(operation).records[0].control
        self.desk.rights.must("notify", authority.application(row.application))
        one = self._delivery(operation, delivery)
        write, then = deliveries.once_more(one, hub.now())
        try:
            hub.table.write(write)
        except Refused:
            then = self._delivery(operation, delivery)  # it is being tried at this moment
        hub.push.deliver(operation, delivery, timedelta())
        return delivery_view(then)

    def _delivery(self, operation: str, name: str) -> Delivery:
        found = deliveries.find(self.desk.hub.table, operation, name)
        if found is None:
            raise Problem(
                404, f"operation {operation} has no delivery {name}; GET /operations/{operation}/deliveries lists them"
            )
        return found

    def _webhook(self, application: str, name: str) -> Webhook:
        found = receivers.webhook(self.desk.hub.table, application, name)
        if found is None:
            raise Problem(404, f"application {application} has no webhook {name}; PUT makes one")
        return found

    def _may_be(self, name: str, found: Sequence[str]) -> None:
        named = [] if NAME.fullmatch(name) else [f"name: {name!r} is not 1 to 40 letters, digits, - and _"]
        if named or found:
            raise sentences([*named, *found])

    def _room(self, application: str, new: bool) -> None:
        if new and len(self.desk.hub.table.of(receivers.partition(application))) >= MOST:
            raise Problem(409, f"application {application} has {MOST} receivers, which is the most; remove one first")

    def _removed(self, application: str, sort: str, name: str) -> Removed:
        by, removal = said(self.desk.caller, ""), receivers.remove(application, sort, name)
        acts.write(self.desk.hub, f"application#{application}", by, f"removed {sort} {name}", removal)
        log.info("%s %s of %s was removed by %s", sort, name, application, by)
        return Removed(removed=f"{sort}.{name}")


def add(desk: Desk) -> None:
    face = Receivers(desk)
    read, notify = of_the_application("read"), of_the_application("notify")
    for sort, view, every, one, put, remove in (
        (WEBHOOK, (WebhooksView, WebhookView), face.webhooks, face.webhook, face.put_webhook, face.remove_webhook),
        (
            NOTIFICATION,
            (NotificationsView, NotificationView),
            face.notifications,
            face.notification,
            face.put_notification,
            face.remove_notification,
        ),
    ):
        path = f"/applications/<application>/{sort}s"
        route(desk, "GET", path, every, {200: view[0]}, read)
        route(desk, "GET", f"{path}/<name>", one, {200: view[1]}, read)
        route(desk, "PUT", f"{path}/<name>", put, {200: view[1]}, notify)
        route(desk, "DELETE", f"{path}/<name>", remove, {200: Removed}, notify)
    route(desk, "GET", "/applications/<application>/dead-letters", face.dead_letters, {200: DeliveriesView}, read)
    path = "/operations/<operation>/deliveries"
    route(desk, "GET", path, face.deliveries, {200: DeliveriesView}, READ_THE_OPERATION)
    path = f"{path}/<delivery>/redeliver"
    route(desk, "POST", path, face.redeliver, {200: DeliveryView}, READ_THE_OPERATION)


def webhook_view(application: str, hook: Webhook) -> WebhookView:
    return WebhookView(
        application=application,
        name=hook.name,
        url=hook.url,
        events=hook.kinds,
        by=hook.by,
        changed=instant(hook.changed),
        replaced=moment(hook.replaced),
        link=f"/applications/{application}/webhooks/{hook.name}",
    )


def notification_view(application: str, one: Notification) -> NotificationView:
    return NotificationView(
        application=application,
        name=one.name,
        topic=one.topic,
        format=one.format,
        events=one.kinds,
        repository=one.repository,
        by=one.by,
        changed=instant(one.changed),
        link=f"/applications/{application}/notifications/{one.name}",
    )


def delivery_view(one: Delivery) -> DeliveryView:
    return DeliveryView(
        operation=one.operation,
        name=one.name,
        event=f"{one.operation}.{one.event}",
        receiver=one.receiver,
        application=one.app,
        state=one.state,
        tries=one.tries,
        since=instant(one.since),
        last=moment(one.last),
        next=instant(one.next) if one.state == deliveries.OPEN else None,
        said=one.said,
        redeliver=f"/operations/{one.operation}/deliveries/{one.name}/redeliver",
    )


def callback_of(desk: Desk, url: str | None, secret: str | None) -> Webhook | None:
    """Whom the headers of a request name: to be told of this operation alone."""
    if url is None and secret is None:
        return None
    found = [] if url is not None else ["Windlass-Callback-Secret: it signs nothing without Windlass-Callback"]
    found += [] if url is None else _wrong_url(desk, "Windlass-Callback", url)
    found += _wrong_secret(secret, None, "Windlass-Callback-Secret")
    if found:
        raise sentences(found)
    return Webhook(receivers.CALLBACK, url or "", secret or "", by=said(desk.caller, ""), changed=desk.hub.now())


def _renewed(before: Webhook | None, name: str, request: WebhookRequest, by: str, now: float) -> Webhook:
    """A secret that is new leaves the one before for a day; the same once more changes nothing."""
    secret = request.secret or (before.secret if before else "")
    former, replaced = (before.former, before.replaced) if before else (None, None)
    if before is not None and secret != before.secret:
        former, replaced = before.secret, now
    return Webhook(name, request.url, secret, request.events, by, now, former, replaced)


def _wrong_url(desk: Desk, field: str, url: str) -> list[str]:
    wrong = desk.hub.settings.reach.wrong(url)
    return [] if wrong is None else [f"{field}: {wrong}"]


def _wrong_secret(secret: str | None, before: Webhook | None, field: str = "secret") -> list[str]:
    """Never with the secret in it."""
    if secret is None:
        return [] if before else [f"{field}: say the secret that signs: whsec_ and base64 of 24 to 64 random bytes"]
    try:
        signature.key_of(secret)
    except ValueError as error:
        return [f"{field}: a secret {error}"]
    return []


def _wrong_notification(request: NotificationRequest) -> list[str]:
    found = []
    if not TOPIC.fullmatch(request.topic):
        found.append(f"topic: {request.topic!r} is no ARN of an SNS topic whose name begins with windlass-")
    if request.format == "github" and not REPOSITORY.fullmatch(request.repository or ""):
        found.append("repository: say which, as owner/name: github needs it")
    return found
