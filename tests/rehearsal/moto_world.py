"""The hub in virtual time over real adapters: every call goes through botocore to moto, and goes wrong there.

The machinery is `rehearsal.world`'s; only the clouds and the table are moto's, and a fault is botocore's own: a closed
connection before the effect, or after it. moto deletes and launches at once, and its reads never lag.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws
from moto.core.models import botocore_stubber

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.aws.groups import Groups
from lambdas.aws.images import Images
from lambdas.aws.instances import Instances
from lambdas.aws.launch_templates import LaunchTemplates
from lambdas.aws.load_balancers import LoadBalancers
from lambdas.aws.network import Network
from lambdas.aws.scaling import Scaling
from lambdas.cloud import OPERATION_TAG, Cloud
from lambdas.clusters import TableClusters
from lambdas.dynamo import DynamoTable
from lambdas.errors import Retryable
from lambdas.hub import Hub, Settings
from lambdas.sessions import TableNames, TableSecrets
from lambdas.table import Item, Key, Table, Write
from rehearsal.clock import Clock
from rehearsal.fake_cloud import Place, Snapshot
from rehearsal.faults import Faults
from rehearsal.memory_table import Changed
from rehearsal.world import World
from tests.contract import honest_moto, worlds
from tests.contract.recording import REGION, recorded, seeding
from tests.contract.test_table_contract import dynamo

Client = Callable[[str], Any]
TABLE = "windlass"
STREAM_LAG = 0.2
ACTIVE: list[Faults] = []
"""Those of the world under test."""


@cache
def faulty(service: str) -> Any:
    """A client whose requests go through the faults; one for all worlds, since making one is slow."""
    session = boto3.Session("testing", "testing", "testing", region_name=REGION)
    client = session.client(service, config=Config(retries={"total_max_attempts": 1}))  # type: ignore[call-overload]
    client.meta.events.unregister("before-send", botocore_stubber)
    client.meta.events.register("before-send", _sent)
    return client


def _sent(event_name: str, request: AWSPreparedRequest, **more: Any) -> AWSResponse | None:
    """`before-send.autoscaling.CreateAutoScalingGroup`: moto's answer, or botocore's word for having none."""
    _, service, operation = event_name.split(".")
    try:
        answer: AWSResponse | None = ACTIVE[-1].call(
            f"{service}.{operation}", lambda: botocore_stubber(event_name, request)
        )
    except Retryable:
        raise ConnectionClosedError(endpoint_url=request.url) from None
    return answer


class MotoTable:
    """DynamoDB on moto, as a spectator sees it: reads do not go wrong. The hub's own view of it is `HubTable`."""

    def __init__(self, clock: Clock, real: Table, plain: Table) -> None:
        self._clock, self._real, self._plain = clock, real, plain
        self._seen: dict[Key, Item] = {}
        self._told: list[tuple[Changed, Callable[[Item | None], bool]]] = []
        self.get, self.of, self.listed = plain.get, plain.of, plain.listed
        self.due, self.backlog = plain.due, plain.backlog

    def write(self, *writes: Write) -> None:
        try:
            self._real.write(*writes)
        finally:
            for one in writes:
                self._changed(one.key)

    def peek(self, key: Key) -> Mapping[str, Any]:
        return self._seen.get(key, {})

    def on_change(self, told: Changed, concerns: Callable[[Item | None], bool]) -> None:
        self._told.append((told, concerns))

    def rows(self) -> list[Item]:
        return [self._seen[key] for key in sorted(self._seen, key=lambda key: (key.pk, key.sk))]

    def _changed(self, key: Key) -> None:
        old, new = self._seen.get(key), self._plain.get(key)
        if old == new:
            return
        if new is None:
            del self._seen[key]
        else:
            self._seen[key] = new
        for told, concerns in self._told:
            if concerns(new):
                self._clock.at(STREAM_LAG, partial(told, old, new))


class HubTable:
    """The same table for whoever has to live with its faults."""

    def __init__(self, seen: MotoTable, real: Table) -> None:
        self.write = seen.write
        self.get, self.of, self.listed = real.get, real.of, real.listed
        self.due, self.backlog = real.due, real.backlog


class MotoCloud:
    """moto's Region as one comparable value; `created` counts what the calls of operations made."""

    def __init__(self, region: worlds.Region, plain: Cloud) -> None:
        self.region, self.plain = region, plain
        self.created: list[str] = []

    def watch(self, look: Callable[[], object]) -> None:
        """Nothing happens here but by calls, which are watched themselves."""

    def places(self) -> tuple[Place, ...]:
        return ()

    def snapshot(self) -> Snapshot:
        templates = seeding("ec2").describe_launch_templates()["LaunchTemplates"]
        groups = seeding("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        alarms = seeding("cloudwatch").describe_alarms()["MetricAlarms"]
        return {
            **{f"launch template {one['LaunchTemplateName']}": {"tags": str(one.get("Tags"))} for one in templates},
            **{f"group {one['AutoScalingGroupName']}": self._group(one) for one in groups},
            **{f"alarm {one['AlarmName']}": {"actions": str(one.get("AlarmActions"))} for one in alarms},
            "target group": {"targets": len(self.plain.load_balancers.target_health(self.region.target_group))},
            "load balancer": {"targets": len(self.plain.load_balancers.classic_health(self.region.classic))},
        }

    def _group(self, described: Mapping[str, Any]) -> dict[str, Any]:
        name = described["AutoScalingGroupName"]
        found = self.plain.groups.find(name)
        return {
            "capacity": found.capacity,
            "instances": Counter(one.lifecycle for one in found.instances),
            # Ids are others in every world.
            "settings": replace(found.settings, subnets=(), target_groups=()),
            "subnets": len(found.settings.subnets),
            "target groups": len(found.settings.target_groups),
            "suspended": tuple(sorted(found.suspended)),
            "metrics": tuple(sorted(found.metrics)),
            "hooks": self.plain.groups.hooks(name),
        }


class MotoWorld(World):
    """As `World`; `Faults` are numbered by the requests that botocore sends."""

    region: worlds.AwsWorld

    def _hub(self, settings: Settings, faults: Faults | None) -> Hub:
        if faults is not None:
            ACTIVE[:] = [self.faults]
            self.cloud = MotoCloud(self.region.region, self.region.cloud)  # type: ignore[assignment]
            self.table = _table(self.clock)  # type: ignore[assignment]
        table: Table = _plain() if faults is None else HubTable(self.table, _struck())  # type: ignore[arg-type]
        client = recorded if faults is None else faulty
        hub = super()._hub(settings, None)
        accounts.put(_plain(), Account("prod", honest_moto.ACCOUNT, (REGION,)))

        def cloud(account: str, region: str, operation: str) -> Cloud:
            return cloud_of(client, table, account, operation)

        return replace(hub, table=table, cloud=cloud)


def _table(clock: Clock) -> MotoTable:
    return MotoTable(clock, _struck(), _plain())


def _struck() -> DynamoTable:
    return DynamoTable(faulty("dynamodb"), TABLE, pause=_at_once)


def _plain() -> DynamoTable:
    return DynamoTable(recorded("dynamodb"), TABLE, pause=_at_once)


def _at_once(_: float) -> None:
    """Nobody waits for real."""


def cloud_of(client: Client, table: Table, account: str, operation: str) -> Cloud:
    return Cloud(
        account,
        REGION,
        groups=Groups(client("autoscaling")),
        launch_templates=LaunchTemplates(client("ec2")),
        images=Images(client("ec2"), client("ssm")),
        instances=Instances(client("ec2")),
        network=Network(client("ec2")),
        load_balancers=LoadBalancers(client("elbv2"), client("elb")),
        scaling=Scaling(client("autoscaling"), client("cloudwatch")),
        secrets=TableSecrets(table, operation),
        names=TableNames(table),
        clusters=TableClusters(table, (account, REGION), operation, lambda: 0.0, 0.0),
        operation=operation,
    )


@contextmanager
def fresh() -> Iterator[type[MotoWorld]]:
    """An empty AWS of its own, and the kind of world that stands on it."""
    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        seeded = worlds.of_aws(monkeypatch)
        dynamo(TABLE)
        yield type("Fresh", (MotoWorld,), {"region": seeded})


def made_before(world: World, name: str, operation: str) -> None:
    """A serving group, with its launch template, that an operation made."""
    assert isinstance(world, MotoWorld)
    tags = ((OPERATION_TAG, operation),)
    region = world.region.region
    worlds.make_group(
        world.region, name, desired=2, target_groups=(region.target_group,), load_balancers=(region.classic,), tags=tags
    )
