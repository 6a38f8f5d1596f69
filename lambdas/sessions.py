"""boto3's clients: made on first use, one per account, Region and service, with time limits that fit into a function.

The hub's own account is reached with the function's role, every other by assuming the account's, in a session named
after the operation, so that the target account's CloudTrail names the operation too.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache, partial
from threading import RLock
from types import SimpleNamespace
from typing import Any

from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.session import Session, get_session

from lambdas import accounts, scribe
from lambdas.accounts import Account
from lambdas.aws.groups import Groups
from lambdas.aws.images import Images
from lambdas.aws.instances import Instances
from lambdas.aws.launch_templates import LaunchTemplates
from lambdas.aws.load_balancers import LoadBalancers
from lambdas.aws.network import Network
from lambdas.aws.scaling import Scaling
from lambdas.brakes import Brakes
from lambdas.cloud import Cloud
from lambdas.clusters import TableClusters
from lambdas.errors import NotFound, Rejected
from lambdas.hub import SETTLING
from lambdas.nouns import adapted
from lambdas.permissions import Policies
from lambdas.rows import control_key, names_key, request_key
from lambdas.scribe import Notes
from lambdas.table import Table
from lambdas.values import changed

PATIENT = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
"""A call that never gets an answer ends within 3 times 15 s and the pauses between, before a function's 60 s."""
ONCE = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1})
"""For the table: a repeated conditional write would be refused by its own first success. `dynamo.py` repeats.

And for the clouds: what AWS throttles must not be asked for again behind the brakes' back, a cloud that hangs must not
use up a function's time, and whatever calls them is tried again by its machine or by the next sweep."""
BRIEF = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
"""For what somebody else makes up for: a start that failed is in the backlog, a token that was not answered is due."""
WHOLE_FUNCTION = Config(
    connect_timeout=5,
    read_timeout=65,
    max_pool_connections=50,  # of which a sweep uses forty at once
    retries={"mode": "standard", "total_max_attempts": 1},
)
"""For calling a function and waiting: as long as one may run, and never a second time by itself."""


class Later:
    """Stands for a client until its first use: making one takes tens of milliseconds, most are never needed.

    Clients may be used by several threads at once, but not made: https://docs.aws.amazon.com/boto3/latest/guide/clients.html
    """

    _making = RLock()  # one that assumes a role makes another

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        with self._making:
            client = self._make()
            self._make = lambda: client
        return getattr(client, name)


@cache
def _botocore() -> Session:
    """With the credentials of the function's own role."""
    return get_session()


def own(service: str, region: str, config: Config = PATIENT) -> Any:
    """A client, made on first use, with the function's own role."""
    return Later(lambda: _own_client(service, region, config))


@cache
def _own_client(service: str, region: str, config: Config) -> Any:
    return _client(_botocore(), service, region, config)


def _client(session: Session, service: str, region: str, config: Config = PATIENT) -> Any:
    # Not by a session of boto3's: a second one over the same botocore cannot make a client of S3.
    return session.create_client(service, region_name=region, config=config)


def clouds(
    table: Table,
    brakes: Brakes,
    *,
    policy: Policies | None = None,
    now: Callable[[], float] = time.time,
    settling: timedelta = SETTLING,
) -> Callable[[str, str, str], Cloud]:
    """The cloud of (account, Region) for an operation's id.

    `policy` gives the policy (JSON) of a session in an account: what the function declares that it calls, of server
    groups those of the operation's application, whatever the role there may do. Raises Rejected for an unknown account
    or Region, Throttled where nothing may be begun there now.
    """
    sessions = _Sessions(table, policy)

    def cloud(account: str, region: str, operation: str) -> Cloud:
        known = _known(table, account, region)
        brakes.begin(f"{account}/{region}")
        clusters = TableClusters(table, (account, region), operation, now, settling.total_seconds())
        here = _cloud(known, region, operation, sessions.clients(known, region, operation), table, clusters)
        return changed(brakes.over(here), reach=lambda other: cloud(other, region, operation))

    return cloud


def noted(
    table: Table,
    brakes: Brakes,
    *,
    policy: Policies | None = None,
    now: Callable[[], float] = time.time,
    settling: timedelta = SETTLING,
) -> Callable[[str, str, str], tuple[Cloud, Notes]]:
    """The same, making no change: what would have been called is in the notes."""
    sessions = _Sessions(table, policy)

    def cloud(account: str, region: str, operation: str, notes: Notes) -> Cloud:
        known = _known(table, account, region)
        clusters = TableClusters(table, (account, region), operation, now, settling.total_seconds())
        clients = scribe.Clients(notes, known.id, sessions.clients(known, region, operation))
        here = scribe.idle(_cloud(known, region, operation, clients, table, clusters))
        return changed(brakes.over(here), reach=lambda other: cloud(other, region, operation, notes))

    def noting(account: str, region: str, operation: str) -> tuple[Cloud, Notes]:
        notes = Notes()
        return cloud(account, region, operation, notes), notes

    return noting


def _known(table: Table, account: str, region: str) -> Account:
    known = accounts.find(table, account)
    if known is None:
        raise Rejected(f"account {account} is not known; put it first")
    if region not in known.regions:
        raise Rejected(f"account {account} is not opened for Region {region}, only for {', '.join(known.regions)}")
    return known


def _cloud(
    account: Account,
    region: str,
    operation: str,
    clients: Mapping[str, Any],
    table: Table,
    clusters: TableClusters,
) -> Cloud:
    return Cloud(
        account=account.name,
        region=region,
        groups=Groups(clients["autoscaling"]),
        launch_templates=LaunchTemplates(clients["ec2"]),
        images=Images(clients["ec2"], clients["ssm"]),
        instances=Instances(clients["ec2"]),
        network=Network(clients["ec2"]),
        load_balancers=LoadBalancers(clients["elbv2"], clients["elb"]),
        scaling=Scaling(clients["autoscaling"], clients["cloudwatch"]),
        secrets=TableSecrets(table, operation),
        names=TableNames(table),
        clusters=clusters,
        operation=operation,
        more=adapted(clients, dict(account.plays)),
        account_id=account.id,
    )


class TableSecrets:
    """`lambdas.cloud.Secrets`: a reference is the name of a field of the operation's request."""

    def __init__(self, table: Table, operation: str) -> None:
        self._table = table
        self._operation = operation

    def text(self, reference: str) -> str:
        row = self._table.get(request_key(self._operation)) or {}
        text = row.get("request", {}).get(reference)
        if text is None:
            raise NotFound(f"operation {self._operation}: its request has no {reference}")
        return text if isinstance(text, str) else json.dumps(text)


class TableNames:
    """`lambdas.cloud.Names`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def last(self, cluster: str) -> int | None:
        row = self._table.get(names_key(cluster))
        return None if row is None else row.get("last")


class _Clients(dict[str, Any]):
    """Clients of one session by service, made on first use."""

    def __init__(self, session: Callable[[], Session], region: str) -> None:
        super().__init__()
        self._session, self._region = session, region

    def __missing__(self, service: str) -> Any:
        self[service] = Later(lambda: _client(self._session(), service, self._region, ONCE))
        return self[service]


class _Sessions:
    """The clients a process has made, kept for its next call."""

    MOST = 32
    """Sessions of operations kept at once; the oldest is let go."""

    def __init__(self, table: Table, policy: Policies | None) -> None:
        self._table, self._policy = table, policy
        self._kept: dict[tuple[str | None, str | None, str, str], _Clients] = {}

    def clients(self, account: Account, region: str, operation: str) -> _Clients:
        """One's own role needs no session, so its clients serve every operation."""
        key = (account.role, account.external_id, region, operation if account.role else "")
        if key not in self._kept:
            if len(self._kept) >= self.MOST:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = _Clients(self._opener(account, region, operation), region)
        return self._kept[key]

    def _opener(self, account: Account, region: str, operation: str) -> Callable[[], Session]:
        if account.role is None:
            return _botocore
        policy, whose = self._policy, partial(_application, self._table, operation)
        return cache(lambda: _assumed(account, region, operation, policy(account, whose) if policy else None))


def _application(table: Table, operation: str) -> str:
    """Whose groups the operation may change; empty where nothing says so, as of a dry run, which changes none."""
    from lambdas.requests import UNOWNED  # noqa: PLC0415  the models of requests, which a session alone does not need

    application = str((table.get(control_key(operation)) or {}).get("application", ""))
    return "" if application == UNOWNED else application


def _assumed(account: Account, region: str, operation: str, policy: str | None) -> Session:
    """A session with the account's role, assumed by the first call that needs it and again before it expires."""
    parameters = {
        "RoleArn": account.role,
        "RoleSessionName": operation or "windlass",
        "ExternalId": account.external_id,
        "Policy": policy,
    }
    given = {name: value for name, value in parameters.items() if value}

    def credentials() -> dict[str, str]:
        found = own("sts", region).assume_role(**given)["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    session, refreshed = get_session(), DeferredRefreshableCredentials(credentials, "assume-role")
    session.register_component("credential_provider", SimpleNamespace(load_credentials=lambda: refreshed))
    # Service models are read once: EC2's takes 200 ms.
    session.register_component("data_loader", _botocore().get_component("data_loader"))
    return session
