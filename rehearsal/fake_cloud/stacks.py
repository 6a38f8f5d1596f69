"""Stacks and change sets. A template that says `BREAKS` fails while its resources are made, and is rolled back.

Where it says `BREAKS FOR GOOD`, rolling back fails too.
"""

import json
from dataclasses import dataclass, field, replace
from zlib import crc32

from lambdas.cloud.stacks import CREATE, ChangeSet, Needs, Specification, Stack, Stacks
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected
from lambdas.values import changed
from rehearsal.fake_cloud.place import Place
from rehearsal.fake_cloud.port import Port, call, plays

STACK, CHANGE_SET = "stack", "change set"
"""Shelves of a place."""
BREAKS = "BREAKS"
STUCK = f"{BREAKS} FOR GOOD"
BROKEN = "Queue CREATE_FAILED: Resource handler returned message: it breaks"
NOTHING = "The submitted information didn't contain changes. Submit different information to create a change set."
STABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
SPENT = "EXECUTE_FAILED"


@dataclass(frozen=True)
class Standing:
    """A stack and what it was made of."""

    stack: Stack = field(compare=False)
    specification: Specification
    shown: Stack = field(init=False)
    """What is compared: a stack that stands is the same whatever was tried with it."""

    def __post_init__(self) -> None:
        stands = replace(self.stack, status="stands", reason="")
        object.__setattr__(self, "shown", stands if self.stack.status in STABLE else self.stack)


@dataclass(frozen=True)
class Prepared:
    """A change set and what it would make of its stack."""

    change_set: ChangeSet = field(compare=False)
    specification: Specification
    purpose: str
    shown: ChangeSet = field(init=False)
    """What is compared: that one was tried in vain is nothing that could be put back."""

    def __post_init__(self) -> None:
        unspent = replace(self.change_set, execution="AVAILABLE")
        object.__setattr__(self, "shown", unspent if self.change_set.execution == SPENT else self.change_set)


@plays(Stacks)
class FakeStacks(Port):
    @call
    def validate(self, specification: Specification) -> Needs:
        if "Resources" not in (specification.template or "Resources"):
            raise Rejected("Template format error: At least one Resources member must be defined.")
        template = specification.template or "{}"
        parameters = json.loads(template).get("Parameters", {})
        required = tuple(sorted(name for name, one in parameters.items() if "Default" not in one))
        return Needs(("CAPABILITY_IAM",) if "AWS::IAM" in template else (), required)

    @call
    def find(self, stack: str) -> Stack:
        for standing in self.place.shelf(STACK).all_seen(self.place.now).values():
            if stack in (standing.stack.id, standing.stack.name):
                return standing.stack  # type: ignore[no-any-return]
        raise NotFound(f"there is no stack {stack}")

    @call
    def begun(self, stack: str, token: str, pages: int = 1) -> bool:
        return _known(self.place, stack, token, self.place.now - self.place.manners.lag)

    @call
    def failures(self, stack: str, token: str = "") -> tuple[str, ...]:
        standing = self._of(stack)
        return (f"{BROKEN}: {standing.stack.reason}",) if standing and BREAKS in standing.stack.reason else ()

    @call
    def create(self, specification: Specification, token: str) -> str:
        there = self.place.shelf(STACK).get(specification.name)
        stack = _new(self.place, specification.name, token, "CREATE_IN_PROGRESS")
        if there is not None:
            if there.stack.id == stack.id:
                return stack.id
            raise AlreadyExists(f"stack {specification.name} exists")
        self._begin(stack, token, "created")
        self._make(changed(stack, status="CREATE_IN_PROGRESS"), specification)
        return stack.id

    @call
    def update(self, specification: Specification, token: str) -> str:
        there = self._standing(specification.name)
        if _known(self.place, there.stack.id, token, self.place.now):
            return there.stack.id
        if "IN_PROGRESS" in there.stack.status:
            raise Conflict(f"stack {specification.name} is in {there.stack.status} state and can not be updated")
        if there.stack.status not in STABLE:
            raise Rejected(f"stack {specification.name} is in {there.stack.status} state and can not be updated")
        if there.specification == specification:
            raise AlreadyExists("No updates are to be performed.")
        self._begin(there.stack, token, "updated")
        self._change(there, specification)
        return there.stack.id

    @call
    def delete(self, stack: str, role: str | None) -> None:
        there = self._of(stack)
        if there is None or there.stack.status == "DELETE_IN_PROGRESS":
            return
        if there.stack.status.startswith("UPDATE") and "IN_PROGRESS" in there.stack.status:
            raise Conflict(f"stack {stack} cannot be deleted while in status {there.stack.status}")
        for name, prepared in list(self.place.shelf(CHANGE_SET).things.items()):
            if prepared.change_set.stack == there.stack.id:
                self.place.shelf(CHANGE_SET).take(name, self.place.now)
        self._put(changed(there.stack, status="DELETE_IN_PROGRESS", reason=""), there.specification)
        self.place.note("deleted", STACK, there.stack.name, self.operation)
        self._later(there.stack, self.place.manners.deletion, "DELETE_IN_PROGRESS", None, there.specification)

    @call
    def change_set(self, stack: str, name: str) -> ChangeSet:
        for prepared in self.place.shelf(CHANGE_SET).all_seen(self.place.now).values():
            found: ChangeSet = prepared.change_set
            if found.name == name and stack in (found.stack, prepared.specification.name):
                return found
        raise NotFound(f"there is no change set {name} of stack {stack}")

    @call
    def create_change_set(
        self, specification: Specification, name: str, purpose: str, description: str, token: str
    ) -> str:
        if purpose == CREATE:
            stack = _new(self.place, specification.name, token, "REVIEW_IN_PROGRESS")
            there = self.place.shelf(STACK).get(specification.name)
            if there is not None and there.stack.status != "REVIEW_IN_PROGRESS":
                raise Rejected(f"stack {specification.name} exists; a change set to create it cannot be made")
            stack = there.stack if there else stack
        else:
            there = self._standing(specification.name)
            stack = there.stack
        key = f"{specification.name}/{name}"
        known: Prepared | None = self.place.shelf(CHANGE_SET).get(key)
        if known is not None:
            if (known.specification, known.change_set.description) == (specification, description):
                return stack.id
            raise AlreadyExists(f"change set {name} exists")
        if there is None:
            self._put(stack, Specification(specification.name))
        empty = there is not None and there.specification == specification
        made = ChangeSet(f"{stack.id}/{name}", name, stack.id, "CREATE_IN_PROGRESS", "UNAVAILABLE", "", description)
        self.place.shelf(CHANGE_SET).put(key, Prepared(made, specification, purpose), self.place.now)
        self.place.note("created", CHANGE_SET, key, self.operation)
        self.place.later(self.place.manners.boot, lambda: self._worked_out(key, made, empty=empty))
        return stack.id

    @call
    def execute(self, stack: str, name: str, token: str) -> None:
        there = self._of(stack)
        if there is None:
            raise NotFound(f"there is no stack {stack}")
        if _known(self.place, there.stack.id, token, self.place.now):
            return
        prepared: Prepared | None = self.place.shelf(CHANGE_SET).get(f"{there.stack.name}/{name}")
        if prepared is None:
            raise NotFound(f"there is no change set {name} of stack {stack}")
        if prepared.change_set.execution != "AVAILABLE":
            raise Rejected(f"change set {name} is {prepared.change_set.execution}")
        self._used_up(f"{there.stack.name}/{name}", prepared)
        self._begin(there.stack, token, "executed a change set of")
        if prepared.purpose == CREATE:
            self._make(changed(there.stack, status="CREATE_IN_PROGRESS"), prepared.specification)
        else:
            self._change(there, prepared.specification)

    @call
    def delete_change_set(self, stack: str, name: str) -> None:
        for key, prepared in list(self.place.shelf(CHANGE_SET).things.items()):
            found = prepared.change_set
            if found.name == name and stack in (found.stack, prepared.specification.name):
                self.place.shelf(CHANGE_SET).take(key, self.place.now)
                self.place.note("deleted", CHANGE_SET, key, self.operation)

    def _used_up(self, key: str, prepared: Prepared) -> None:
        """One that comes about is gone; one that fails stays, and cannot be executed again."""
        if BREAKS not in (prepared.specification.template or ""):
            return self.place.shelf(CHANGE_SET).take(key, self.place.now)
        spent = replace(prepared, change_set=replace(prepared.change_set, execution=SPENT))
        return self.place.shelf(CHANGE_SET).put(key, spent, self.place.now)

    def _of(self, stack: str) -> Standing | None:
        known = self.place.shelf(STACK).things.values()
        return next((one for one in known if stack in (one.stack.id, one.stack.name)), None)

    def _standing(self, stack: str) -> Standing:
        there = self._of(stack)
        if there is None:
            raise NotFound(f"Stack [{stack}] does not exist")
        return there

    def _put(self, stack: Stack, specification: Specification) -> None:
        put(self.place, stack, specification)

    def _begin(self, stack: Stack, token: str, did: str) -> None:
        self.place.note(did, STACK, stack.name, self.operation, (stack.id, token))

    def _make(self, stack: Stack, specification: Specification) -> None:
        self._put(stack, specification)
        manners = self.place.manners
        if BREAKS not in (specification.template or ""):
            return self._later(stack, manners.boot, stack.status, "CREATE_COMPLETE", specification)
        failed = changed(stack, status="ROLLBACK_IN_PROGRESS", reason=_why(specification))
        self._later(stack, manners.boot, stack.status, failed.status, specification, failed.reason)
        self._later(stack, manners.boot + 1, failed.status, "ROLLBACK_COMPLETE", specification, failed.reason)
        return None

    def _change(self, there: Standing, specification: Specification) -> None:
        stack = changed(there.stack, status="UPDATE_IN_PROGRESS", reason="")
        self._put(stack, there.specification)
        boot = self.place.manners.boot
        if BREAKS not in (specification.template or ""):
            return self._later(stack, boot, stack.status, "UPDATE_COMPLETE", specification)
        why = _why(specification)
        rolled_back = f"UPDATE_ROLLBACK_{'FAILED' if STUCK in (specification.template or '') else 'COMPLETE'}"
        self._later(stack, boot, stack.status, "UPDATE_ROLLBACK_IN_PROGRESS", there.specification, why)
        self._later(stack, boot + 1, "UPDATE_ROLLBACK_IN_PROGRESS", rolled_back, there.specification, why)
        return None

    def _later(
        self,
        stack: Stack,
        delay: float,
        while_: str,
        status: str | None,
        specification: Specification,
        reason: str = "",
    ) -> None:
        """The stack gets that status (None: it is gone), if it has the other one still."""

        def happens() -> None:
            there = self.place.shelf(STACK).get(stack.name)
            if there is None or (there.stack.id, there.stack.status) != (stack.id, while_):
                return
            if status is None:
                self.place.shelf(STACK).take(stack.name, self.place.now)
            else:
                self._put(changed(stack, status=status, reason=reason), specification)

        self.place.later(delay, happens)

    def _worked_out(self, key: str, made: ChangeSet, *, empty: bool) -> None:
        shelf = self.place.shelf(CHANGE_SET)
        known: Prepared | None = shelf.get(key)
        if known is None or known.change_set != made:
            return
        done = {"status": "CREATE_COMPLETE", "execution": "AVAILABLE"}
        nothing = {"status": "FAILED", "reason": NOTHING}
        prepared = replace(known, change_set=replace(made, **(nothing if empty else done)))
        shelf.put(key, prepared, self.place.now)


def _why(specification: Specification) -> str:
    """As CloudFormation passes on what a service says, which may quote what it was given."""
    return f"{BREAKS}: {', '.join(value for _, value in specification.parameters)}"


def put(place: Place, stack: Stack, specification: Specification) -> None:
    """For seeds, too."""
    place.shelf(STACK).put(stack.name, Standing(stack, specification), place.now)


def prepare(place: Place, change_set: ChangeSet, specification: Specification, purpose: str) -> None:
    """For seeds: a change set of a stack that stands there."""
    key = f"{specification.name}/{change_set.name}"
    place.shelf(CHANGE_SET).put(key, Prepared(change_set, specification, purpose), place.now)


def named(place: Place, name: str, status: str = "CREATE_COMPLETE", token: str = "earlier") -> Stack:
    """The stack that a creation with that token makes."""
    number = f"{crc32(token.encode()):08x}-0000-0000-0000-000000000000"
    return Stack(f"arn:aws:cloudformation:{place.region}:{place.id}:stack/{name}/{number}", name, status)


def _new(place: Place, name: str, token: str, status: str) -> Stack:
    return named(place, name, status, token)


def _known(place: Place, stack: str, token: str, until: float) -> bool:
    return any(deed.kind == STACK and deed.what == (stack, token) and deed.at <= until for deed in place.deeds)
