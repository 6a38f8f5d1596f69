"""Decisions explained: what somebody may do, which policies say so, and what of it holds now or at another time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from lambdas import authority
from lambdas.api.answers import route, seconds_of
from lambdas.api.desk import Desk, meant
from lambdas.api.problems import sentences
from lambdas.api.rights import ANYBODY
from lambdas.api.views import View, instant
from lambdas.authority import ANYWHERE, Asker, Question, Resource

PARAMETERS = ("action", "account", "region", "application", "cluster", "kind", "name", "principal", "user", "at")
ON_A_GUARD, ON_A_FREEZE, ON_AN_APPLICATION = ("lock", "unlock", "release"), ("freeze", "thaw"), ("hold", "notify")
ON_AN_ACCOUNT = ("optIn", "optOut")

Name = Annotated[str | None, Query(min_length=1, max_length=255)]


class DecisionView(View):
    """What would be decided."""

    allowed: bool
    principal: str
    user: str | None
    teams: tuple[str, ...] = Field(description="Of `policies/teams.json`, those that it is a member of.")
    action: str
    resource: str
    attributes: dict[str, str | tuple[str, ...]] = Field(description="What the policies see of the resource.")
    policies: tuple[str, ...] = Field(
        description="Ids of those that decide: those that forbid it, else those that permit it; maybe none."
    )
    errors: tuple[str, ...] = Field(description="Policies that could not be evaluated: then nothing is allowed.")
    at: datetime


@dataclass(frozen=True)
class Authorisation:
    desk: Desk

    def explain(
        self,
        action: Annotated[str, Query(description="An operation type, a signal, `read`, `lock` …")],
        account: Name = None,
        region: Name = None,
        application: Name = None,
        cluster: Annotated[str | None, Query(min_length=1, description="Its name: `shop-prod`.")] = None,
        kind: Annotated[str | None, Query(description="Of a guard: `serverGroup`.")] = None,
        name: Annotated[str | None, Query(description="Of a guard or a freeze.")] = None,
        principal: Annotated[
            str | None,
            Query(description="Somebody else's ARN, or `certificate:orca`; else the caller itself."),
        ] = None,
        user: Annotated[str | None, Query(description="For whom that one speaks.")] = None,
        at: Annotated[datetime | None, Query(description="At another time; without an offset, UTC.")] = None,
    ) -> DecisionView:
        """What Windlass would decide, and which policies say so. Nothing is done, and nothing is read but the account.

        Everybody may ask of itself; whoever asks of somebody else needs `explain`.
        """
        self.desk.knows(*PARAMETERS)
        known = [*self.desk.types, *(one for actions in authority.GROUPS.values() for one in actions)]
        if action not in known:
            raise sentences([f"action: there is no {action!r}; {meant(action, known)}"])
        rights = self.desk.rights
        asker = rights.asker if principal is None and user is None else Asker(principal or rights.asker.arn, user)
        if asker != rights.asker:
            rights.must("explain", authority.HUB)
        place = {"account": account or "", "region": region or ANYWHERE, "application": application or ""}
        resource = self._resource(action, place, cluster or "", kind, name or "")
        moment = seconds_of(at)
        return self._told(Question(asker, action, resource, self.desk.hub.now() if moment is None else moment))

    def _resource(self, action: str, place: dict[str, str], cluster: str, kind: str | None, name: str) -> Resource:
        rights, account, application = self.desk.rights, place["account"], place["application"]
        environment = rights.environment(account) if account else ""
        environments = (environment,) if environment else ()
        if action == "explain":
            return authority.HUB
        if action in ON_A_FREEZE:
            return authority.freeze(name, environments)
        if action in ON_AN_APPLICATION:
            return authority.application(application, environments)
        if action in ON_AN_ACCOUNT:
            return rights.account(account)
        if action in ON_A_GUARD or kind is not None:
            return authority.guard(account, environment, place["region"], kind or "", name)
        key = f"{account}/{place['region']}/{cluster}"
        return authority.operation(name, environment=environment, cluster=key, **place)

    def _told(self, question: Question) -> DecisionView:
        verdict = self.desk.hub.authority.judge(question)
        return DecisionView(
            allowed=verdict.allowed,
            principal=question.asker.arn,
            user=question.asker.user,
            teams=verdict.teams,
            action=question.action,
            resource=question.resource.kind,
            attributes=dict(question.resource.attributes),
            policies=verdict.policies,
            errors=verdict.errors,
            at=instant(question.at),
        )


def add(desk: Desk) -> None:
    route(desk, "GET", "/authorisation", Authorisation(desk).explain, {200: DecisionView}, ANYBODY)
