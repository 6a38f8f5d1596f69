"""Who may do what: one question, one answer of Cedar, from the policies that are deployed (docs/authorisation.md).

The policies ship with the code, so a process reads them once: other policies are another release. Cedar's engine is
imported with the first question, which most functions never ask.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdas.naming import moniker

if TYPE_CHECKING:
    from cedarpy import PolicySet

Json = dict[str, Any]
Teams = Mapping[str, tuple[str, ...]]
"""By name, their members: callers as they are named (`*` stands for any text), or `user:` and a name that a delegate
gives."""

_TREE = Path(__file__).parent.parent / "policies"
POLICIES = _TREE if _TREE.is_dir() else Path(__file__).with_name("policies")
"""In the checkout and in Lambda beside our packages; where Windlass is installed, inside of this one."""
SCHEMA, TEAMS, PATTERN = "schema.cedarschema", "teams.json", "*.cedar"
ANYWHERE = "*"
"""The Region of what is not of one."""

OPERATE, INSIST, SIGNAL, LOOK, ADMINISTER = "operate", "insist", "signal", "look", "administer"
GROUPS = {
    INSIST: ("overrideFreeze", "preempt", "overrideTrafficGuard"),
    SIGNAL: ("cancel", "pause", "resume", "retry", "rollback", "skip", "abandon"),
    LOOK: ("read", "readEvidence", "explain"),
    ADMINISTER: ("lock", "unlock", "release", "freeze", "thaw", "hold", "notify", "optIn", "optOut"),
}
"""Every action but those of OPERATE: these are the operation types of the deployment."""
_GROUP = {action: group for group, actions in GROUPS.items() for action in actions}
OF_AN_APPLICATION = ("serverGroup", "cluster", "loadBalancer", "securityGroup")
"""Kinds of guards whose names begin with an application."""


class Asker(NamedTuple):
    """Who asks: an authenticated caller, and the person for whom it speaks."""

    arn: str
    """Or `certificate:` and a name: of no account."""
    user: str | None = None

    def __str__(self) -> str:
        return f"{self.user} via {self.arn}" if self.user else self.arn

    @property
    def entity(self) -> tuple[str, str]:
        return ("User", self.user) if self.user else ("Principal", self.arn)

    @property
    def attributes(self) -> Json:
        if self.user:
            return {"name": self.user, "via": self.arn}
        return {"arn": self.arn, "account": (self.arn.split(":") + [""] * 5)[4]}

    @property
    def member(self) -> str:
        """As `teams.json` names it."""
        return f"user:{self.user}" if self.user else self.arn


@dataclass(frozen=True)
class Resource:
    """What is asked about, as `policies/schema.cedarschema` describes it."""

    kind: str
    name: str
    attributes: Mapping[str, Any]
    parents: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        shown = {name: value for name, value in self.attributes.items() if value and name != "environment"}
        told = ", ".join(f"{name} {value}" for name, value in shown.items() if isinstance(value, str))
        return f"{self.kind.lower()} ({told})" if told else self.kind.lower()


class Verdict(NamedTuple):
    allowed: bool
    policies: tuple[str, ...]
    """The ids of those that decided: of the forbidding ones if there are any, else of the permitting ones."""
    teams: tuple[str, ...]
    """Those of the asker."""
    errors: tuple[str, ...] = ()
    """Policies that could not be evaluated: then nothing is allowed."""


class Question(NamedTuple):
    asker: Asker
    action: str
    resource: Resource
    at: float
    """Epoch seconds."""


@dataclass(frozen=True)
class Authority:
    """The policies of one folder. Raises ValueError at the first question if they cannot be read."""

    folder: Path = POLICIES

    def judge(self, question: Question) -> Verdict:
        """Whether it is allowed, and by which policies. What no policy permits is not."""
        from cedarpy import is_authorized  # noqa: PLC0415  see above

        teams = tuple(teams_of(question.asker, self._teams))
        told = is_authorized(_request(question), self._policies, list(_entities(question, teams)))
        named: Mapping[str, str] = told.diagnostics.id_annotations_by_reason
        ids = tuple(sorted(named.get(one, one) for one in told.diagnostics.reasons))
        errors = tuple(told.diagnostics.errors)
        return Verdict(told.allowed and not errors, ids, teams, errors)

    @cached_property
    def _policies(self) -> "PolicySet":
        from cedarpy import PolicySet  # noqa: PLC0415  see above

        return PolicySet.from_str(text_of(self.folder))

    @cached_property
    def _teams(self) -> Teams:
        return teams_in(self.folder)


def text_of(folder: Path) -> str:
    """All policies of a folder. Raises ValueError where there are none."""
    files = sorted(folder.glob(PATTERN))
    if not files:
        raise ValueError(f"there is no {PATTERN} in {folder}: without policies nobody may do anything")
    return "\n".join(one.read_text("utf-8") for one in files)


def teams_in(folder: Path) -> Teams:
    """Teams and their members; none where there is no such file. Raises ValueError for what is no such thing."""
    path = folder / TEAMS
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(found, dict) or not all(_members(one) for one in found.values()):
        example = '{"shop": ["arn:aws:iam::123456789012:role/shop", "user:ann"]}'
        raise ValueError(f"{path.name} has to be an object of lists of texts: {example}")
    return {team: tuple(members) for team, members in found.items()}


def teams_of(asker: Asker, teams: Teams) -> Iterator[str]:
    return (team for team, members in sorted(teams.items()) if any(fnmatchcase(asker.member, one) for one in members))


def group_of(action: str) -> str:
    """The group that an action is in; what is none of ours is an operation type."""
    return _GROUP.get(action, OPERATE)


def operation(name: str, *, account: str, environment: str, region: str, application: str, cluster: str) -> Resource:
    """An operation that runs, or is asked for; `cluster` is the key `account/region/name`."""
    return Resource(
        "Operation",
        name,
        {
            "account": account,
            "environment": environment,
            "region": region,
            "application": application,
            "cluster": cluster.rpartition("/")[2],
        },
        (("Account", account), ("Application", application), ("Cluster", cluster)),
    )


def guard(account: str, environment: str, region: str, kind: str, name: str) -> Resource:
    application = moniker(name)[0] if kind in OF_AN_APPLICATION else ""
    attributes = {"account": account, "environment": environment, "region": region, "kind": kind, "name": name}
    parents = (("Account", account), *((("Application", application),) if application else ()))
    return Resource("Guard", f"{account}/{region}/{kind}/{name}", attributes | {"application": application}, parents)


def clusters(account: str, environment: str, application: str) -> Resource:
    attributes = {"account": account, "environment": environment, "application": application}
    return Resource(
        "Clusters", f"{account}/{application}", attributes, (("Account", account), ("Application", application))
    )


def application(name: str, environments: Iterable[str] = ()) -> Resource:
    return Resource("Application", name, {"application": name, "environments": sorted(set(environments))})


def freeze(name: str, environments: Iterable[str]) -> Resource:
    return Resource("Freeze", name, {"environments": sorted(set(environments))})


def account(name: str, ids: Iterable[str] = (), environments: Iterable[str] = ()) -> Resource:
    """An account itself, with what it is and what it is to become."""
    told = {"account": name, "ids": sorted(set(ids)), "environments": sorted(set(environments))}
    return Resource("Account", name, told)


HUB = Resource("Hub", "windlass", {})


def _request(question: Question) -> Json:
    at = datetime.fromtimestamp(question.at, UTC)
    return {
        "principal": _uid(*question.asker.entity),
        "action": _uid("Action", question.action),
        "resource": _uid(question.resource.kind, question.resource.name),
        "context": {
            "now": {"__extn": {"fn": "datetime", "arg": f"{at:%Y-%m-%dT%H:%M:%SZ}"}},
            "hour": at.hour,
            "weekday": _WEEKDAYS[at.weekday()],
        },
    }


def _entities(question: Question, teams: Iterable[str]) -> Iterator[Json]:
    asker, resource, action = question.asker, question.resource, question.action
    yield _entity(*asker.entity, asker.attributes, [("Team", one) for one in teams])
    yield _entity("Action", action, {}, [("Action", group_of(action))])
    yield _entity(resource.kind, resource.name, dict(resource.attributes), resource.parents)


def _entity(kind: str, name: str, attributes: Json, parents: Iterable[tuple[str, str]]) -> Json:
    return {"uid": _uid(kind, name), "attrs": attributes, "parents": [_uid(*one) for one in parents]}


def _uid(kind: str, name: str) -> Json:
    return {"type": kind, "id": name}


def _members(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
