"""HTTP in, HTTP out: the API over a table in memory, with toy sagas on the real request models."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.api.app import api
from lambdas.api.certificates import Holders, Names
from lambdas.api.doors import Doors
from lambdas.brakes import Brakes
from lambdas.cloud import Cloud
from lambdas.dry_calls import READER, Finding
from lambdas.engine.tasks import Sagas, by_name
from lambdas.errors import WindlassError
from lambdas.hub import ExecutionState, Hub, Json, Settings
from lambdas.requests.create_server_group import CreateServerGroup
from lambdas.requests.destroy_server_group import DestroyServerGroup
from lambdas.requests.resize_server_group import ResizeServerGroup
from lambdas.rows import Control, Open, Status, Step, control_key, control_of, item_of, open_key, plan_key, step_key
from lambdas.table import Key, Put, Update
from rehearsal.gateway import IAM, MUTUAL_TLS, Answered, answered, proxy_event
from rehearsal.memory_table import MemoryTable
from saga import Saga, step, wait_until

CALLER = "arn:aws:iam::123456789012:user/orca"
ACTIONS = ("autoscaling:CreateAutoScalingGroup", "ec2:DescribeImages")


@dataclass(frozen=True)
class Plan:
    group: str
    region: str = "us-west-1"
    schema: int = 1


def plan_create(request: CreateServerGroup, cloud: Cloud) -> Plan:
    """Choose the name and look everything up."""
    raise NotImplementedError


def plan_resize(request: ResizeServerGroup, cloud: Cloud) -> Plan:
    """Note the capacity that stands there now."""
    raise NotImplementedError


def plan_destroy(request: DestroyServerGroup, cloud: Cloud) -> Plan:
    """Note what there is."""
    raise NotImplementedError


def act(plan: Plan, cloud: Cloud) -> str | None:
    """Do it."""
    raise NotImplementedError


def take_back(plan: Plan, cloud: Cloud) -> str | None:
    """Undo it."""
    raise NotImplementedError


def check(plan: Plan, cloud: Cloud) -> str | None:
    """Why not yet."""
    raise NotImplementedError


def of_one(request: ResizeServerGroup | DestroyServerGroup) -> tuple[str, ...]:
    return (f"{request.account}/{request.region}/server-group/{request.server_group_name}",)


CREATE: Saga[CreateServerGroup, Plan, Cloud] = Saga(
    name="CreateServerGroup",
    plan=plan_create,
    steps=(
        step("CreateLaunchTemplate", do=act, undo=take_back),
        step("CreateEmptyGroup", do=act, undo=take_back),
        step("ScaleUp", do=act, goes_with="CreateEmptyGroup"),
        wait_until("InstancesHealthy", check=check, within=timedelta(minutes=30)),
    ),
    left=check,
    results=lambda plan: {"serverGroupNames": [f"{plan.region}:{plan.group}"]},
)
RESIZE: Saga[ResizeServerGroup, Plan, Cloud] = Saga(
    name="ResizeServerGroup", plan=plan_resize, guards=of_one, steps=(step("Resize", do=act, undo=take_back),)
)
DESTROY: Saga[DestroyServerGroup, Plan, Cloud] = Saga(
    name="DestroyServerGroup",
    plan=plan_destroy,
    guards=of_one,
    steps=(step("Suspend", do=act, undo=take_back), step("Delete", do=act, pivot=True)),
)
SAGAS = by_name((CREATE, RESIZE, DESTROY))


@dataclass
class Starts:
    """Step Functions: what was started and answered."""

    started: list[tuple[str, str]] = field(default_factory=list)
    answered: list[tuple[str, str]] = field(default_factory=list)

    def start(self, saga: str, name: str, given: Json) -> bool:
        self.started.append((saga, name))
        return True

    def succeed(self, token: str, output: Json) -> None:
        self.answered.append((token, output["decided"]))

    def fail(self, token: str, error: str, cause: str) -> None:
        self.answered.append((token, error))

    def describe(self, saga: str, name: str) -> ExecutionState | None:
        raise AssertionError("the API reads no execution")


@dataclass
class Planners:
    """Our own functions: answers one plan and the findings of a dry call, or refuses."""

    asked: list[tuple[str, Json]] = field(default_factory=list)
    refuses: WindlassError | None = None
    findings: tuple[Finding, ...] = ()
    meanwhile: Callable[[], object] | None = None
    """What somebody else does during a dry call."""

    def invoke(self, function: str, event: Json) -> Json:
        self.asked.append((function, event))
        if self.refuses:
            raise self.refuses
        if function == READER:
            meanwhile, self.meanwhile = self.meanwhile, None
            _ = meanwhile and meanwhile()
            return {"findings": [vars(one) for one in self.findings]}
        return {"group": "shop-prod-v000", "schema": 1}

    def send(self, function: str, event: Json) -> None:
        self.asked.append((function, event))
        if self.refuses:
            raise self.refuses


class NoSweeper:
    def after(self, delay: timedelta, nudged: Collection[str] = ()) -> None:
        pass


@dataclass
class Errands:
    """Those who tell the world: what was asked of them."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, operation: str) -> None:
        raise AssertionError("the API tells nothing")

    def deliver(self, operation: str, delivery: str, after: timedelta = timedelta()) -> None:
        self.asked.append((operation, delivery))


def no_cloud(account: str, region: str, operation: str) -> Cloud:
    raise AssertionError("the API sees no cloud")


@dataclass
class Door:
    """HTTP in, HTTP out. The app is made with the first request, as in a process of Lambda."""

    hub: Hub
    table: MemoryTable
    machines: Starts
    functions: Planners
    delegates: tuple[str, ...] = ()
    holders: Holders = field(default_factory=dict)
    sagas: Sagas = field(default_factory=lambda: SAGAS)

    def __call__(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        arn: str | None = CALLER,
        text: str | None = None,
        stage: str = "",
        certificate: Json | None = None,
    ) -> Answered:
        sent = text if text is not None else None if body is None else json.dumps(body)
        event = proxy_event(method, target, sent, headers=headers, arn=arn, stage=stage, certificate=certificate)
        return answered(self.app, event)

    @cached_property
    def app(self) -> APIGatewayRestResolver:
        return api(lambda: self.hub, self.sagas, Doors(IAM, MUTUAL_TLS, self.delegates, self.holders))

    def get(self, target: str, **more: Any) -> Answered:
        return self("GET", target, **more)

    def post(self, target: str, body: Any = None, **more: Any) -> Answered:
        return self("POST", target, body, **more)

    def control(self, operation: str) -> Control:
        item = self.table.get(control_key(operation))
        assert item is not None
        return control_of(item)

    def change(self, operation: str, **changes: Any) -> None:
        """What the engine would have written meanwhile."""
        changed = item_of(replace(self.control(operation), **changes))
        self.table.write(Put(control_key(operation), changed))

    def ended(self, operation: str, status: Status, error: str | None = None) -> None:
        self.change(operation, status=status, error=error, closed=self.hub.now(), due=None)

    def planned(self, operation: str, group: str = "shop-prod-v000", region: str = "us-west-1") -> None:
        plan = {"group": group, "region": region, "schema": 1}
        self.table.write(Put(plan_key(operation), {"plan": plan, "schema": 1}))

    def journal(self, operation: str, *steps: Step) -> None:
        for one in steps:
            self.table.write(Put(step_key(operation, one.name), item_of(one)))

    def opened(self, operation: str, state: str, **more: Any) -> None:
        self.table.write(
            Update(control_key(operation), {"step": state}),
            Put(
                open_key(operation, state),
                item_of(Open(operation, "", state, "token", self.hub.now(), **({"kind": "check"} | more))),
            ),
        )

    def rows(self) -> list[Any]:
        """Everything but the accounts."""
        return [row for row in self.table.rows() if row["pk"] != accounts.PARTITION]

    def break_table(self, error: Exception) -> None:
        """From now on the table fails."""

        class Broken(MemoryTable):
            def get(self, key: Key) -> Json | None:
                raise error

            def of(self, pk: str, prefix: str = "") -> list[Json]:
                raise error

        self.hub = replace(self.hub, table=Broken())


def now() -> float:
    return 1_700_000_000.0


VALID = {"notBefore": "Nov 14 00:00:00 2023 GMT", "notAfter": "Nov  4 00:00:00 2024 GMT"}
"""It is so now."""


def presented(names: Names, **more: Any) -> dict[str, Any]:
    """As API Gateway tells of a client certificate."""
    told = {
        "clientCertPem": "-----BEGIN CERTIFICATE-----\n",
        "serialNumber": "a1:a1:a1:a1",
        "subjectDN": names.subject,
        "issuerDN": names.issuer,
        "validity": VALID,
    }
    return told | more


def new_door() -> Door:
    table, machines, functions = MemoryTable(), Starts(), Planners()
    hub = Hub(
        table,
        machines,
        functions,
        NoSweeper(),
        no_cloud,
        Brakes(table, now),
        now,
        Settings("windlass"),
        Errands(),
    )
    for name, regions in (
        ("test", ("us-east-1", "us-west-1")),
        ("aws-account1", ("us-west-1",)),
    ):
        accounts.put(table, Account(name, "123456789012", regions))
    return Door(hub, table, machines, functions)
