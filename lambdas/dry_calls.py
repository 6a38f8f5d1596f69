"""The dry call: before an account is kept, its role is assumed and each of its Regions is read once.

It also tries what must fail: to assume the role with another account's external id. A role that lets the hub in
whatever it says would stand for any account's name, and so make the hub a confused deputy (docs/accounts.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lambdas.accounts import Account, row_of
from lambdas.errors import WindlassError
from lambdas.hub import Each, Functions, in_turn

READER, VERIFY = "Reader", "verify"
"""Which function makes it: the API has no role in the clouds. And under which name it is given the account's row."""
ANOTHER = "-of-another-account"
"""What makes an external id another's."""


class NotLetIn(WindlassError):
    """AWS refused the call: the message is its code."""


class Unreachable(WindlassError):
    """Nothing answers there, or the Region is not enabled: the message says which."""


class Visit(Protocol):
    """A session in an account's Region. Raises NotLetIn, Unreachable, or what is cured by time."""

    def account(self) -> str:
        """Twelve digits, as AWS says."""

    def look(self) -> None:
        """Read something that harms nobody."""


class Visits(Protocol):
    """Raises as `Visit` does."""

    def hub(self) -> str:
        """The hub's own account, twelve digits."""

    def enter(self, account: Account, region: str) -> Visit:
        """With the account's role and external id, or, where it has none, with the hub's own role."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with an account as it was written, and what to do about it."""

    field: str
    says: str


def asked_for(functions: Functions, account: Account) -> tuple[Finding, ...]:
    """Have the Reader make it, and wait. Raises what is cured by time."""
    answer = functions.invoke(READER, {VERIFY: row_of(account)})
    return tuple(Finding(one["field"], one["says"]) for one in answer["findings"])


def findings(visits: Visits, account: Account, each: Each = in_turn) -> tuple[Finding, ...]:
    """All that keeps the hub from working there, nothing if it can. Raises what is cured by time."""
    hub = visits.hub()
    if wrong := list(_of_the_hub(account, hub)):
        return tuple(wrong)

    def looked(region: str) -> Sequence[Finding]:
        return list(_in_region(visits, account, region, hub))

    found = [one for some in each(looked, account.regions) for one in some]
    found += _unguarded(visits, account) if account.role and not found else ()
    return tuple(dict.fromkeys(found))


def _of_the_hub(account: Account, hub: str) -> Iterator[Finding]:
    if account.role is None and account.id != hub:
        yield Finding("id", f"without a role an account is the hub's own, {hub}, not {account.id}: name its role")
    if account.role is not None and account.id == hub:
        yield Finding("role", f"{hub} is the hub's own account, where its functions act themselves: leave the role out")


def _in_region(visits: Visits, account: Account, region: str, hub: str) -> Iterable[Finding]:
    field = f"regions.{account.regions.index(region)}"
    try:
        visit = visits.enter(account, region)
        said = visit.account()
    except NotLetIn as refusal:
        return [Finding("role", _closed(account, hub, str(refusal)))]
    except Unreachable as silence:
        return [Finding(field, _beyond(account, region, str(silence)))]
    if said != account.id:
        return [Finding("id", f"{account.role or 'the hub'} is of account {said}, not of {account.id}: say {said}")]
    try:
        visit.look()
    except NotLetIn as refusal:
        return [Finding(field, _blind(account, region, str(refusal)))]
    except Unreachable as silence:
        return [Finding(field, _beyond(account, region, str(silence)))]
    return ()


def _unguarded(visits: Visits, account: Account) -> Iterable[Finding]:
    """Whether the role lets the hub in although it says another account's external id."""
    try:
        visits.enter(replace(account, external_id=f"{account.external_id}{ANOTHER}"), account.regions[0])
    except NotLetIn:
        return ()
    says = (
        f"{account.role} lets the hub in whatever external id it says, so that any account's name could stand for it: "
        f"demand sts:ExternalId {account.external_id} in its trust policy, as `make target-template` does"
    )
    return [Finding("role", says)]


def _closed(account: Account, hub: str, code: str) -> str:
    """AWS answers one code for three causes."""
    if account.role is None:
        return f"the hub's own functions are refused in {account.id} ({code}): look at its service control policies"
    return (
        f"{account.role} does not let the hub in ({code}): there is no such role, or its trust policy names "
        f"another hub or another external id; deploy the template of `make target-template` in {account.id} with "
        f"HubAccount={hub} and ExternalIds={account.external_id}"
    )


def _blind(account: Account, region: str, code: str) -> str:
    who = account.role or "the hub's Reader"
    return (
        f"{who} may not read Auto Scaling in {region} ({code}): deploy the template of `make target-template` anew, "
        f"with {region} among its Regions, and look at permission boundary and service control policies"
    )


def _beyond(account: Account, region: str, why: str) -> str:
    return (
        f"Region {region} of {account.id} cannot be reached ({why}): enable it in that account and in the hub's, "
        "or take it out of regions"
    )
