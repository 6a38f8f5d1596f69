"""Alarms that hold an application's operations: named once, for whatever is under way in it from now on."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field

from lambdas import authority
from lambdas.api.answers import route
from lambdas.api.desk import Desk
from lambdas.api.problems import sentences
from lambdas.api.rights import of_the_application
from lambdas.api.views import View
from lambdas.engine import metric_holds, signals
from lambdas.engine.alarm_rows import MOST, Named

log = logging.getLogger(__name__)


class AlarmView(View):
    """A CloudWatch alarm, metric or composite."""

    model_config = View.model_config | {"extra": "forbid"}

    account: str = Field(min_length=1, description="Windlass's name of the account; it holds operations there.")
    region: str = Field(min_length=1, description="The alarm's Region; it holds operations there.")
    name: str = Field(min_length=1, max_length=255)


class AlarmsView(View):
    """While one of these is in ALARM, whatever is under way in its account and Region is paused."""

    model_config = View.model_config | {"extra": "forbid"}

    alarms: tuple[AlarmView, ...] = Field(
        max_length=MOST,
        description="Whether each of them exists is not known here; one that does not exist pauses nothing.",
    )


@dataclass(frozen=True)
class MetricHolds:
    desk: Desk

    def read(self, application: str) -> AlarmsView:
        """The alarms that hold an application's operations; none where nobody has named any."""
        named = metric_holds.of_application(self.desk.hub, application)
        return AlarmsView(alarms=tuple(AlarmView(account=a.account, region=a.region, name=a.name) for a in named))

    def replace(self, application: str, request: Annotated[AlarmsView, Body()]) -> AlarmsView:
        """Let these alarms hold the application's operations, and no others.

        While one is in ALARM, operations in its account and Region are paused, those under way within a minute. Its
        recovery resumes them, or a person does; what a person has paused it does not resume.
        """
        problems = [line for n, alarm in enumerate(request.alarms) for line in self._wrong(n, alarm)]
        if problems:
            raise sentences(problems)
        named = [Named(one.account, one.region, one.name) for one in request.alarms]
        self._may_hold(application, named)
        by = signals.said(self.desk.caller, "")
        metric_holds.put_application(self.desk.hub, application, named, by)
        log.info("alarms of %s were named by %s", application, by)
        return self.read(application)

    def clear(self, application: str) -> AlarmsView:
        """Let no alarm hold the application's operations any more; what is paused by one, a person resumes."""
        self._may_hold(application, ())
        by = signals.said(self.desk.caller, "")
        metric_holds.put_application(self.desk.hub, application, (), by)
        log.info("alarms of %s were cleared by %s", application, by)
        return AlarmsView(alarms=())

    def _may_hold(self, application: str, named: Sequence[Named]) -> None:
        """Raises Forbidden: in the accounts of the alarms that are to hold it, and of those that do."""
        rights, before = self.desk.rights, metric_holds.of_application(self.desk.hub, application)
        environments = [rights.environment(one.account) for one in (*before, *named)]
        rights.must("hold", authority.application(application, environments))

    def _wrong(self, number: int, alarm: AlarmView) -> list[str]:
        account = self.desk.accounts.get(alarm.account)
        if account is None:
            known = ", ".join(sorted(self.desk.accounts)) or "none yet"
            return [f"alarms.{number}.account: {alarm.account!r} is not known; known accounts: {known}"]
        if alarm.region not in account.regions:
            regions = ", ".join(account.regions)
            return [f"alarms.{number}.region: {alarm.region!r} is not one of {alarm.account}'s; it has {regions}"]
        return []


def add(desk: Desk) -> None:
    face = MetricHolds(desk)
    path = "/applications/<application>/alarms"
    route(desk, "GET", path, face.read, {200: AlarmsView}, of_the_application("read"))
    route(desk, "PUT", path, face.replace, {200: AlarmsView}, of_the_application("read"))
    route(desk, "DELETE", path, face.clear, {200: AlarmsView}, of_the_application("read"))
