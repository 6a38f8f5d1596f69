"""What a deployment may choose: the context values of the app, `cdk deploy -c settling=60`."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from aws_cdk import RemovalPolicy
from constructs import Node

from lambdas.api.certificates import CERTIFICATES
from lambdas.authority import PATTERN, POLICIES, TEAMS
from lambdas.objectives import DEFAULT, Objectives, parsed
from lambdas.permissions import listed
from lambdas.push.reach import Reach
from stacks.break_glass import trusted
from stacks.mutual_tls import MutualTls
from stacks.network import Network
from stacks.shifts import GRADUAL, OFF, WAYS

_REMOVALS = {"retain": RemovalPolicy.RETAIN, "destroy": RemovalPolicy.DESTROY}


@dataclass(frozen=True)
class Lock:
    """How pages of the audit's book are locked, each from when it was written."""

    mode: str = "governance"
    """`governance`: only who may bypass it takes it off; `compliance`: nobody does; `none`."""
    days: int = 400


@dataclass(frozen=True)
class Settings:
    settling: timedelta = timedelta(seconds=90)
    """From the end of the last forward attempt to the first undo; longer than the cloud's read lag."""
    late_look: timedelta = timedelta(minutes=15)
    """After a roll-back, when to look once more for what the operation made."""
    activity_timeout: timedelta = timedelta(seconds=60)
    """Of the functions that act on the cloud; after one was killed, the next state begins only when it is over."""
    delegates: str = ""
    """Comma-separated ARNs (with `*`) of principals that may speak for a user by `X-SPINNAKER-USER`."""
    local_receivers: str = ""
    """Comma-separated networks in which webhooks may go to private addresses, and by plain HTTP: `10.1.0.0/16`."""
    redelivery: timedelta = timedelta(seconds=10)
    """From a receiver's first refusal to the next try; doubling from there."""
    api_concurrency: int = 100
    """Executions reserved for the function that answers HTTP: no storm of activities keeps a request from being
    accepted, and no storm of requests takes more than a tenth of the 1,000 that a Region allows by default. 0: none,
    for accounts that are allowed fewer than 200, since 100 must stay unreserved.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""
    prefix: str = "windlass-"
    """Of the names of functions, machines and alarms: two stacks of one Region differ in it."""
    passable_roles: str = "BaseIAMRole"
    """Comma-separated names of roles (with `*`) that operations may pass to EC2, Auto Scaling and CloudFormation:
    what such a role may do, whoever may start an operation with it can have done. The default is Clouddriver's."""
    events_from: tuple[str, ...] = ()
    """Accounts, or one organisation, whose forwarded events bring looks forward (docs/accounts.md)."""
    policies: Path = POLICIES
    """Folder of the policies and teams that say who may do what (docs/authorisation.md)."""
    gradual: str = GRADUAL
    """How functions' aliases move to a new release (`stacks.shifts.WAYS`); `off`: at once, and nobody watches."""
    objectives: Objectives = field(default_factory=lambda: DEFAULT)
    """Of applications, from a JSON file (docs/observability.md)."""
    otlp: str = ""
    """ARN of a Firehose stream to which metrics go in OpenTelemetry's format; empty: they stay in CloudWatch."""
    runbooks: str = "docs/runbook"
    """Where alarms send people: the folder docs/runbook of this release, as a URL."""
    removal: RemovalPolicy = RemovalPolicy.RETAIN
    """What becomes of the table, its key and the logs when the stack is deleted."""
    mutual_tls: MutualTls | None = None
    """The door for clients with certificates (docs/doors.md); without it there is none."""
    network: Network | None = None
    """Where all functions run (docs/vpc.md); without it, where Lambda likes."""
    protected: bool = True
    """Whether DynamoDB refuses to delete the table, and CloudFormation the stack, whoever asks.
    Not where `removal` is `destroy`, unless said."""
    break_glass: tuple[str, ...] = ()
    """ARNs of the users and roles that may assume the role for emergencies, with MFA; without any there is none."""
    kept: timedelta = timedelta(days=400)
    """How long rows of an operation are kept after they were written last; 0: for ever."""
    lock: Lock = Lock()
    """Of the audit's book. Not where `removal` is `destroy`, unless said."""

    @property
    def api_names(self) -> tuple[str, ...]:
        """Of the doors: IAM's, and the one for clients with certificates where there is one."""
        return tuple(f"{self.prefix}{name}" for name in (("api", "mutual-tls") if self.mutual_tls else ("api",)))

    @classmethod
    def of(cls, node: Node) -> "Settings":
        """From the context: `settling`, `lateLook`, `activityTimeout`, `redelivery` (seconds), `delegates`,
        `localReceivers`, `apiConcurrency`, `prefix`, `passableRoles`, `eventsFrom`, `policies`, `gradual`, `runbooks`,
        `removal`, `deletionProtection`, `kept`, `auditKept` (days), `auditLock`, `objectives` (a file), `otlp`; and
        what `MutualTls.of`, `Network.of` and `trusted` read.
        """
        defaults = cls()
        return cls(
            _seconds(node, "settling", defaults.settling),
            _seconds(node, "lateLook", defaults.late_look),
            _timeout(node, defaults.activity_timeout),
            _delegates(node, defaults.delegates),
            _networks(node, defaults.local_receivers),
            _seconds(node, "redelivery", defaults.redelivery),
            _concurrency(node, defaults.api_concurrency),
            _prefix(node, defaults.prefix),
            _roles(node, defaults.passable_roles),
            _forwarders(node, defaults.events_from),
            _policies(node, defaults.policies),
            _gradual(node, defaults.gradual),
            _objectives(node, defaults.objectives),
            _firehose(node, defaults.otlp),
            str(node.try_get_context("runbooks") or defaults.runbooks).rstrip("/"),
            _removal(node),
            MutualTls.of(node),
            Network.of(node),
            _protected(node),
            trusted(node),
            _days(node, "kept", defaults.kept),
            _lock(node, defaults.lock),
        )


def _seconds(node: Node, name: str, default: timedelta) -> timedelta:
    given = node.try_get_context(name)
    if given is None:
        return default
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        seconds = -1
    if seconds < 0:
        raise ValueError(f"context {name}={given!r} is not a number of seconds; say for example {name}=90")
    return timedelta(seconds=seconds)


def _days(node: Node, name: str, default: timedelta) -> timedelta:
    given = node.try_get_context(name)
    if given is None:
        return default
    if not str(given).isdecimal():
        raise ValueError(f"context {name}={given!r} is no number of days; say for example {name}=400, or 0 for ever")
    return timedelta(days=int(given))


def _lock(node: Node, default: Lock) -> Lock:
    usual = default.mode if _removal(node) is RemovalPolicy.RETAIN else "none"
    mode = str(node.try_get_context("auditLock") or usual)
    if mode not in ("governance", "compliance", "none"):
        raise ValueError(f"context auditLock={mode!r} is unknown; say governance, compliance or none")
    return Lock(mode, max(1, _days(node, "auditKept", timedelta(days=default.days)).days))


def _protected(node: Node) -> bool:
    given = str(node.try_get_context("deletionProtection") or "").lower()
    if given not in ("", "true", "false"):
        raise ValueError(f"context deletionProtection={given!r} is unknown; say true or false")
    return given == "true" if given else _removal(node) is RemovalPolicy.RETAIN


def _timeout(node: Node, default: timedelta) -> timedelta:
    given = _seconds(node, "activityTimeout", default)
    # A state of a machine waits for 75 seconds, and its function has to be over by then.
    if not timedelta(seconds=5) <= given <= timedelta(seconds=60):
        raise ValueError(f"context activityTimeout={given.total_seconds():g} must be within 5 and 60 seconds")
    return given


def _delegates(node: Node, default: str) -> str:
    given = str(node.try_get_context("delegates") or default)
    if wrong := [one for one in listed(given) if not one.startswith(("arn:", "*"))]:
        raise ValueError(
            f"context delegates: {', '.join(wrong)} is no ARN like arn:aws:iam::123456789012:role/orca; "
            f'of a certificate\'s holder {CERTIFICATES} says "delegate": true'
        )
    return given


def _networks(node: Node, default: str) -> str:
    given = str(node.try_get_context("localReceivers") or default)
    try:
        Reach.of(given)
    except ValueError as error:
        raise ValueError(f"context localReceivers={given!r} is no list of networks like 10.1.0.0/16: {error}") from None
    return given


def _concurrency(node: Node, default: int) -> int:
    given = node.try_get_context("apiConcurrency")
    if given is None:
        return default
    if not str(given).isdecimal():
        raise ValueError(f"context apiConcurrency={given!r} is no number of executions; say 100, or 0 to reserve none")
    return int(given)


def _prefix(node: Node, default: str) -> str:
    given = node.try_get_context("prefix")
    prefix = default if given is None else str(given)
    # A function's name has 64 characters at most, and the longest of ours needs half of them.
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}-", prefix):
        raise ValueError(
            f"context prefix={prefix!r} must be lower case letters, digits and hyphens, ending in a hyphen"
        )
    return prefix


def _roles(node: Node, default: str) -> str:
    given = node.try_get_context("passableRoles")
    roles = default if given is None else str(given)
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html: a path, and the name
    if not all(re.fullmatch(r"[\w+=.@*-]+(/[\w+=.@*-]+)*", one) for one in listed(roles)):
        raise ValueError(f"context passableRoles={given!r} is no list of names of roles like BaseIAMRole,shop-*")
    return roles


def _forwarders(node: Node, default: tuple[str, ...]) -> tuple[str, ...]:
    given = node.try_get_context("eventsFrom")
    named = default if given is None else listed(str(given))
    accounts = all(re.fullmatch(r"[0-9]{12}", one) for one in named)
    # https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
    if not accounts and not (len(named) == 1 and re.fullmatch("o-[a-z0-9]{10,32}", named[0])):
        raise ValueError(
            f"context eventsFrom={given!r} is neither a list of accounts nor one organisation; say for example "
            "222222222222,333333333333 or o-a1b2c3d4e5"
        )
    return named


def _policies(node: Node, default: Path) -> Path:
    given = node.try_get_context("policies")
    folder = default if given is None else Path(str(given)).resolve()
    if not folder.is_dir():
        raise ValueError(f"context policies={given!r} is no folder; name one that has {PATTERN} and {TEAMS}")
    return folder


def _gradual(node: Node, default: str) -> str:
    given = str(node.try_get_context("gradual") or default)
    if given not in (*WAYS, OFF):
        raise ValueError(f"context gradual={given!r} is unknown; say one of {', '.join((*WAYS, OFF))}")
    return given


def _objectives(node: Node, default: Objectives) -> Objectives:
    given = node.try_get_context("objectives")
    if given is None:
        return default
    try:
        return parsed(Path(str(given)).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"context objectives={given!r}: {error}") from None


def _firehose(node: Node, default: str) -> str:
    given = str(node.try_get_context("otlp") or default)
    if given and not re.fullmatch(r"arn:[\w-]+:firehose:[\w-]+:\d{12}:deliverystream/[\w.-]+", given):
        raise ValueError(f"context otlp={given!r} is no ARN of a Firehose stream")
    return given


def _removal(node: Node) -> RemovalPolicy:
    given = node.try_get_context("removal") or "retain"
    if given not in _REMOVALS:
        raise ValueError(f"context removal={given!r} is unknown; say retain or destroy")
    return _REMOVALS[given]
