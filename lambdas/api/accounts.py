"""Accounts over HTTP: opted in after a dry call, read, opted out; each change is conditional, told, and by few."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path
from pydantic import Field

from lambdas import accounts, authority, dry_calls
from lambdas.account_entry import NAME, AccountEntry, Brake, ClusterPattern, Hook, written
from lambdas.accounts import Account
from lambdas.api.answers import PROBLEMS, answered, described, route
from lambdas.api.desk import Desk
from lambdas.api.people import ActView, acts_of
from lambdas.api.problems import FieldError, Problem, sentences
from lambdas.api.rights import ONE_BY_ONE
from lambdas.api.views import View, instant
from lambdas.engine import opting, signals
from lambdas.engine.opting import acts_key
from lambdas.errors import NotFound
from lambdas.requests import Invalid
from lambdas.rows import Control

SHOWN = 20
"""Open operations that a refusal names."""
OURS = frozenset({"lambdas", "saga", "statemachines", "windlass"})
"""Packages whose classes play nothing that an account's row could name."""

Name = Annotated[str, Path(pattern=f"^{NAME}$", description="What callers say: Spinnaker's `credentials`.")]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The `ETag` that was read: 412 if it has changed since."),
]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="`*`: 412 if it is opted in already.")]


class AccountView(View):
    """An account that is opted in."""

    name: str
    id: str = Field(description="AWS's twelve digits.")
    regions: tuple[str, ...] = Field(description="Those that operations may name.")
    environment: str = Field(description="What policies go by.")
    role: str | None = Field(description="ARN of the role that the hub assumes there; null: the hub's own account.")
    external_id: str | None = Field(description="What the hub says when it does.")
    protected_clusters: tuple[ClusterPattern, ...]
    brake: Brake
    plays: dict[str, str] = Field(description="Who plays nouns there that Windlass does not, or not so.")
    lifecycle_hooks: tuple[Hook, ...]
    version: int = Field(description="Counts its changes; the `ETag`.")
    link: str


class AccountWithActs(AccountView):
    """An account, and what people did about it."""

    acts: tuple[ActView, ...] = Field(description="The last ones, newest first.")


class AccountsView(View):
    """All accounts that the caller may read, by name."""

    accounts: tuple[AccountView, ...]


class OptedOut(View):
    """Nothing new is accepted for it."""

    name: str
    since: datetime


@dataclass(frozen=True)
class AccountsFace:
    desk: Desk

    def list(self) -> AccountsView:
        """Accounts that are opted in: operations may name these."""
        self.desk.knows()
        return AccountsView(accounts=tuple(AccountView(**_told(one)) for one in self._readable()))

    def one(self, name: Name) -> Response[AccountWithActs]:
        """One account, who changed what of it, and its `ETag`."""
        self.desk.knows()
        return self._answer(self._known(name))

    def put(
        self,
        name: Name,
        request: Annotated[AccountEntry, Body()],
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[AccountWithActs]:
        """Opt an account in, or change what is known of it; the same once more changes nothing.

        Before it is kept, its role is assumed with its external id, and each of its Regions is read once: 422 names
        whatever keeps Windlass from working there. Who is second of two at once is told so by 409.
        """
        desk, hub = self.desk, self.desk.hub
        desk.knows()
        desk.rights.must("optIn", desk.rights.account(name, id=request.id, environment=request.environment))
        known = accounts.find(hub.table, name)
        wanted = self._wanted(name, request)
        if known is None or not opting.same(known, wanted):  # sent again after a lost answer it stands already
            _as_expected(name, known, if_match, if_none_match)
        if known is not None and (why := opting.strands(known, wanted)) is not None:
            self._idle(known, f"{why} meanwhile")
        if found := dry_calls.asked_for(hub.functions, wanted):
            raise _failed(name, found)
        return self._answer(opting.opt_in(hub, wanted, known, signals.said(desk.caller, "")))

    def remove(self, name: Name, if_match: IfMatch = None) -> OptedOut:
        """Opt an account out: nothing new is accepted for it. 409 while operations of it are open. Twice is once."""
        desk, hub = self.desk, self.desk.hub
        desk.knows()
        desk.rights.must("optOut", desk.rights.account(name))
        known = accounts.find(hub.table, name)
        if known is None:
            raise self._unknown(name)
        if known.closed is None:
            _as_expected(name, known, if_match, None)
            self._idle(known, "it may not be opted out meanwhile")
        gone = opting.opt_out(hub, known, signals.said(desk.caller, ""))
        return OptedOut(name=name, since=instant(gone.closed or hub.now()))

    def _wanted(self, name: str, request: AccountEntry) -> Account:
        """Raises a Problem with everything that is wrong with the request."""
        found = list(_strangers(request, self._packages()))
        try:
            account = request.account(name, self.desk.hub.settings.installation)
        except Invalid as error:
            raise sentences([*error.codes, *found]) from None
        if found:
            raise sentences(found)
        return account

    def _packages(self) -> Sequence[str]:
        """Those that came with operations of this installation."""
        modules = {one.__module__ for saga in self.desk.sagas.values() for one in (saga.plan, saga.request_type)}
        return sorted({one.partition(".")[0] for one in modules} - OURS)

    def _idle(self, known: Account, sentence: str) -> None:
        """Raises a Problem that names what is open there."""
        if rows := opting.open_operations(self.desk.hub, known.name):
            raise _busy(known.name, rows, [one for one in rows if self.desk.rights.reads(one)], sentence)

    def _known(self, name: str) -> Account:
        """Raises NotFound, also for what the caller may not read."""
        account = self.desk.accounts.get(name)
        if account is None or not self._reads(account):
            raise self._unknown(name)
        return account

    def _unknown(self, name: str) -> NotFound:
        names = ", ".join(one.name for one in self._readable()) or "none"
        return NotFound(f"account {name} is not known; known accounts: {names}")

    def _readable(self) -> Iterator[Account]:
        return (one for one in accounts.opted_in(self.desk.hub.table) if self._reads(one))

    def _reads(self, account: Account) -> bool:
        resource = authority.account(account.name, [account.id], [account.environment])
        return self.desk.rights.may("read", resource)

    def _answer(self, account: Account) -> Response[AccountWithActs]:
        view = AccountWithActs(**_told(account), acts=acts_of(self.desk.hub, acts_key(account.name)))
        return answered(200, view, {"ETag": _tag(account)})


def add(desk: Desk) -> None:
    face, changing = AccountsFace(desk), PROBLEMS | described({412: "It is not as the request says it were."})
    path = "/accounts/<name>"
    route(desk, "GET", "/accounts", face.list, {200: AccountsView}, ONE_BY_ONE)
    route(desk, "GET", path, face.one, {200: AccountWithActs}, ONE_BY_ONE)
    route(desk, "PUT", path, face.put, {200: AccountWithActs}, ONE_BY_ONE, changing)
    route(desk, "DELETE", path, face.remove, {200: OptedOut}, ONE_BY_ONE, changing)


def _told(account: Account) -> dict[str, object]:
    here = {"name": account.name, "version": account.version, "link": f"/accounts/{account.name}"}
    return here | dict(written(account))


def _tag(account: Account) -> str:
    return f'"{account.version}"'


def _as_expected(name: str, known: Account | None, if_match: str | None, if_none_match: str | None) -> None:
    """Raises a Problem where the caller thinks of another version than there is."""
    stands = None if known is None or known.closed is not None else _tag(known)
    told = f"it is at version {stands}" if stands else "it is not opted in"
    if if_match is not None and (stands is None or if_match.removeprefix("W/") not in ("*", stands)):
        raise Problem(412, f"account {name} is not at version {if_match}: {told}; read it and send it again")
    if if_none_match is not None and stands is not None:
        raise Problem(412, f"account {name} is opted in already: {told}; send it with If-Match to change it")


def _strangers(request: AccountEntry, packages: Sequence[str]) -> Iterator[str]:
    """A class is loaded into our functions: only those that were deployed with them for that."""
    for noun, player in request.plays.items():
        if player.partition(":")[0].partition(".")[0] not in packages:
            known = f"it has {', '.join(packages)}" if packages else "it has none"
            yield f"plays.{noun}: {player} is in no package that an operation of this installation brought; {known}"


def _failed(name: str, found: Sequence[dry_calls.Finding]) -> Problem:
    told = "; ".join(f"{one.field}: {one.says}" for one in found)
    errors = [FieldError(one.field, one.says) for one in found]
    return Problem(422, f"account {name} is not opted in, its dry call failed: {told}", errors)


def _busy(name: str, rows: Sequence[Control], shown: Sequence[Control], sentence: str) -> Problem:
    count = f"{len(rows)} operation{'s' if len(rows) > 1 else ''} of account {name} {'are' if len(rows) > 1 else 'is'}"
    named = ", ".join(one.id for one in shown[:SHOWN])
    names = f": {named}{', …' if len(shown) > SHOWN else ''}" if named else ""
    errors = [FieldError(f"operations.{one.id}", f"{one.name} of {one.cluster}: {one.status}") for one in shown[:SHOWN]]
    return Problem(409, f"{count} open{names}; {sentence}: wait for their ends, or cancel them", errors)
