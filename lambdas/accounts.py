"""Accounts that operations may name: rows of the table, opted in one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from lambdas.naming import moniker
from lambdas.table import Item, Key, Put, Table

PARTITION = "accounts"


@dataclass(frozen=True)
class Protected:
    """Clusters whose last healthy server group stays in service; `*` stands for any text, an empty one for none.

    As in the traffic guards of Spinnaker's application configuration.
    """

    application: str
    stack: str = "*"
    detail: str = "*"
    region: str = "*"

    def covers(self, group: str, region: str) -> bool:
        """Whether the group's cluster is one of them."""
        application, stack, detail = moniker(group)
        pairs = ((application, self.application), (stack, self.stack), (detail, self.detail), (region, self.region))
        return all(fnmatchcase(value, pattern) for value, pattern in pairs)


@dataclass(frozen=True)
class Limits:
    """What may go out of service within ten minutes before a second person is asked."""

    groups: int = 20
    """Server groups of the account."""
    percent: int = 20
    """Of the instances of the account's Region, where more than a few groups go."""


@dataclass(frozen=True)
class AccountHook:
    """A lifecycle hook of every server group that Clouddriver's callers create, unless they want none of them.

    In ARNs `{{region}}` and `{{accountId}}` are filled in, as in Clouddriver's own configuration of accounts.
    """

    lifecycle_transition: str
    """`autoscaling:EC2_INSTANCE_LAUNCHING` or `…TERMINATING`."""
    role_arn: str | None = None
    notification_target_arn: str | None = None
    heartbeat_timeout: int = 3600
    """Seconds."""
    default_result: str = "ABANDON"


@dataclass(frozen=True)
class Account:
    name: str
    """What callers say: Spinnaker's `credentials`."""
    id: str
    """AWS's twelve digits."""
    regions: tuple[str, ...]
    role: str | None = None
    """ARN of the role to assume there; None: the hub's own account, with the function's own role."""
    external_id: str | None = None
    environment: str = "test"
    protected: tuple[Protected, ...] = ()
    """Its protected clusters."""
    limits: Limits = Limits()
    """Of its destructive brake."""
    plays: tuple[tuple[str, str], ...] = ()
    """Who plays nouns there that Windlass does not, or not so: (`discovery`, `our_eureka:Eureka@https://…`)."""
    hooks: tuple[AccountHook, ...] = ()
    version: int = 0
    """Counts what people changed of it."""
    closed: float | None = None
    """Since when it is opted out: nothing new is accepted for it, what was accepted before goes on to its end."""


def key(name: str) -> Key:
    return Key(PARTITION, f"account#{name}")


def find(table: Table, name: str) -> Account | None:
    """The account of that name, also one that is opted out, or None."""
    if len(name.encode(errors="replace")) > LONGEST_NAME or not name:
        return None
    row = table.get(key(name))
    return None if row is None else account_of(row)


def opted_in(table: Table) -> list[Account]:
    """All that operations may name, by name."""
    return [account_of(row) for row in table.of(PARTITION) if "closed" not in row]


def named(table: Table, account_id: str) -> tuple[str, ...]:
    """The names of the account with those twelve digits: it may have been opted in under several."""
    return tuple(row["name"] for row in table.of(PARTITION) if row["id"] == account_id)


@dataclass(frozen=True)
class Accounts(Mapping[str, Account]):
    """All accounts that are opted in, read when asked for: one is one small read, all are read only to name them."""

    table: Table

    def __getitem__(self, name: str) -> Account:
        account = find(self.table, name)
        if account is None or account.closed is not None:
            raise KeyError(name)
        return account

    def __iter__(self) -> Iterator[str]:
        return (row["name"] for row in self.table.of(PARTITION) if "closed" not in row)

    def __len__(self) -> int:
        return sum(1 for _ in self)


LONGEST_NAME = 255
"""Bytes: a longer one is no account's, and no key of the table."""


def put(table: Table, account: Account) -> None:
    """Add the account, or replace what was known of it, whoever changed that meanwhile."""
    table.write(Put(key(account.name), row_of(account)))


def row_of(account: Account) -> Item:
    """Its row; what is as it is by default is left out."""
    row: dict[str, Any] = {
        "name": account.name,
        "id": account.id,
        "regions": list(account.regions),
        "environment": account.environment,
    }
    if account.role:
        row["role"] = account.role
    if account.external_id:
        row["external_id"] = account.external_id
    if account.protected:
        row["protected"] = [asdict(one) for one in account.protected]
    if account.limits != Limits():
        row["limits"] = asdict(account.limits)
    if account.plays:
        row["plays"] = dict(account.plays)
    if account.hooks:
        row["hooks"] = [asdict(one) for one in account.hooks]
    if account.version:
        row["version"] = account.version
    if account.closed is not None:
        row["closed"] = account.closed
    return row


def account_of(row: Item) -> Account:
    """The account of that row; `row_of` is the other way."""
    return Account(
        row["name"],
        row["id"],
        tuple(row["regions"]),
        row.get("role"),
        row.get("external_id"),
        row.get("environment", "test"),
        tuple(Protected(**one) for one in row.get("protected", ())),
        Limits(**row.get("limits", {})),
        tuple(sorted(row.get("plays", {}).items())),
        tuple(AccountHook(**one) for one in row.get("hooks", ())),
        row.get("version", 0),
        row.get("closed"),
    )
