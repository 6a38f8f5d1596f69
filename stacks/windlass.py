"""The one stack of a Region: composes the constructs, then grants each function what it calls and no more."""

import importlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from aws_cdk import Aws, CfnOutput, Duration, Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.objectives import begin_within
from lambdas.permissions import LONGEST, PASSABLE, declared, listed, session_policy, statements
from stacks.alarms import Alarms
from stacks.api import Api
from stacks.book import Book
from stacks.break_glass import BreakGlass
from stacks.definitions import AnySaga, Definition, activities, checking, definitions, modules, planning, undoing
from stacks.functions import HUB, LIVE, MARGIN, Functions, HubFunction, activity, packages
from stacks.grants import allow, arn
from stacks.key import DataKey
from stacks.layer import LAYER
from stacks.machines import Machine, MachineLogs
from stacks.mutual_tls import MutualTlsApi
from stacks.network import Network
from stacks.nudges import Nudges
from stacks.policies import check
from stacks.projector import Projector
from stacks.push import Bus, Courier, Errands, Herald, Tellings
from stacks.queues import SweepQueue
from stacks.settings import Settings
from stacks.shifts import OFF, Shifts
from stacks.sweep import Sweep
from stacks.table import (
    ACCOUNTS,
    ALARMS,
    BOOK,
    BRAKES,
    CLUSTERS,
    DELETE,
    FLEET,
    FREEZES,
    GET,
    GUARDS,
    OF_ACCOUNT,
    OPERATIONS,
    PUT,
    QUERY,
    RECEIVERS,
    SWEEPS,
    UPDATE,
    OperationsTable,
)
from statemachines import ALL, VARIABLE, references

TARGET_ROLES = "arn:*:iam::*:role/windlass-*"
"""The roles of target accounts; which of them may be assumed is for the trust policy there to say."""

ALARM_READS, FLEET_READS = "lambdas.engine.metric_holds:READS", "lambdas.reader:READS"

TOPICS = "arn:*:sns:*:*:windlass-*"
"""Those that an application's notifications may name, wherever they are; their own policies have to agree."""

KEY_USERS = {
    "Api": ("sqs", "states"),
    "Engine": ("sqs", "states"),
    "Sweep": ("sqs", "states"),
    "Projector": ("sqs", "states"),
    "Nudge": ("sqs",),
    "Herald": ("s3", "sqs"),
    "Courier": ("sqs",),
}
"""Through which services functions use the key, besides the table: those of queues and machines that they call."""

_SETTLE_TOKENS = ("states:SendTaskFailure", "states:SendTaskSuccess")


class Windlass(Stack):
    """A hub of its Region, with these operations; `settings` are those of the context unless given."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str = "Windlass",
        *,
        operations: Sequence[AnySaga] = ALL,
        settings: Settings | None = None,
        layer: Path = LAYER,
    ) -> None:
        settings = settings or Settings.of(scope.node)
        # Operations that run would stay half done: `python -m doctor destroy` takes the protection off when none does.
        super().__init__(
            scope,
            construct_id,
            description="Windlass: cloud operations as durable state machines",
            termination_protection=settings.protected,
        )
        self._settings = settings
        check(settings.policies, operations, certified=settings.mutual_tls is not None)
        self._operations = operations
        self._definitions = definitions(operations)
        self._activities = activities(operations)
        self._declares = declarations(operations, self._definitions)
        self._roles = listed(settings.passable_roles)
        _check_sessions(self._declares, self._roles)
        removal = settings.removal
        self.key = key = DataKey(self, "Key", prefix=settings.prefix, removal=removal)
        self.table = OperationsTable(self, "Operations", key=key, protected=settings.protected, removal=removal)
        self.book = Book(self, "Book", key=key, lock=settings.lock, removal=removal)
        self.sweeps = SweepQueue(self, "Sweeps", key=key)
        self.bus = Bus(self, "Events", name=f"{settings.prefix}operations", key=key)
        self.tellings = Tellings(self, "Tellings", key=key)
        self.errands = Errands(self, "Errands", key=key)
        timeout = Duration.seconds(settings.activity_timeout.total_seconds())
        self.functions = Functions(
            self,
            "Functions",
            rows=(*HUB, *(activity(name, module, timeout) for name, module in self._activities.items())),
            reserved={"Api": settings.api_concurrency} if settings.api_concurrency else {},
            prefix=settings.prefix,
            environment=self._environment(),
            declares=self._declares,
            layer=layer,
            packages=packages(modules(operations)),
            policies=settings.policies,
            key=key,
            removal=removal,
        )
        self.machine_logs = MachineLogs(self, "MachineLogs", prefix=settings.prefix, key=key, removal=removal)
        self.machines = {one.saga: self._machine(one) for one in self._definitions}
        self._doors()
        dead_letters = self._wakers()
        self._alarms(dead_letters)
        self._shifts()
        self._grant()
        if settings.break_glass:
            self._break_glass(dead_letters.values())
        self._outputs()

    def _doors(self) -> None:
        """The function knows its doors by the ids of their APIs, and answers whoever comes by another with 403."""
        answering, names, removal = self.functions["Api"], self._settings.api_names, self._settings.removal
        self.api = Api(self, "Api", name=names[0], function=answering.live, key=self.key, removal=removal)
        answering.function.add_environment("WINDLASS_IAM_API", self.api.api.rest_api_id)
        if self._settings.mutual_tls is None:
            return
        door = MutualTlsApi(
            self,
            "MutualTls",
            name=names[1],
            place=self._settings.mutual_tls,
            function=answering.live,
            after=self.api,
            key=self.key,
            removal=removal,
        )
        answering.function.add_environment("WINDLASS_MUTUAL_TLS_API", door.api.rest_api_id)
        door.outputs(self)

    def _wakers(self) -> dict[str, sqs.IQueue]:
        """What wakes the hub's functions besides callers and machines; where each leaves what it gave up on."""
        live = {name: self.functions[name].live for name in ("Sweep", "Nudge", "Projector", "Herald", "Courier")}
        machines = [one.machine for one in self.machines.values()]
        table, tellings, errands = self.table.table, self.tellings, self.errands
        Sweep(self, "Sweep", function=live["Sweep"], queue=self.sweeps)
        told_by, prefix = self._settings.events_from, self._settings.prefix
        Nudges(self, "Nudges", function=live["Nudge"], key=self.key, prefix=prefix, events_from=told_by)
        projector = Projector(
            self, "Projector", function=live["Projector"], table=table, machines=machines, key=self.key
        )
        herald = Herald(self, "Herald", function=live["Herald"], table=table, tellings=tellings, key=self.key)
        Courier(self, "Courier", function=live["Courier"], errands=errands)
        return {
            "sweep": self.sweeps.dead_letters,
            "projector": projector.dead_letters,
            "herald": herald.dead_letters,
            "tellings": tellings.dead_letters,
            "courier": errands.dead_letters,
        }

    def _alarms(self, dead_letters: Mapping[str, sqs.IQueue]) -> None:
        self.alarms = Alarms(
            self,
            "Alarms",
            prefix=self._settings.prefix,
            runbooks=self._settings.runbooks,
            dead_letters=dead_letters,
            sweep=self.functions["Sweep"].live,
            projector=self.functions["Projector"].live,
            herald=self.functions["Herald"].live,
            apis=self._settings.api_names,
        )

    def _shifts(self) -> None:
        """A bad image of a user's rings neither of these alarms."""
        if self._settings.gradual == OFF:
            return
        Shifts(
            self,
            "Shifts",
            way=self._settings.gradual,
            prefix=self._settings.prefix,
            aliases=self.functions.aliases,
            alarms=(self.alarms.broken, self.alarms.ended_from_outside),
        )

    def _break_glass(self, dead_letters: Iterable[sqs.IQueue]) -> None:
        BreakGlass(
            self,
            "BreakGlass",
            prefix=self._settings.prefix,
            trusts=self._settings.break_glass,
            table=self.table,
            queues=(self.sweeps.queue, self.tellings.queue, self.errands.queue, *dead_letters),
            key=self.key,
        )

    def _outputs(self) -> None:
        CfnOutput(self, "ApiId", value=self.api.api.rest_api_id)
        CfnOutput(self, "ApiUrl", value=self.api.api.url)
        CfnOutput(self, "BookName", value=self.book.bucket.bucket_name)
        CfnOutput(self, "BusName", value=self.bus.bus.event_bus_name)
        CfnOutput(self, "TableName", value=self.table.table.table_name)

    def _environment(self) -> dict[str, str]:
        """The same for every function: what each needs of it is for its code to know."""
        return {
            "WINDLASS_TABLE": self.table.table.table_name,
            "WINDLASS_SETTLING": f"{self._settings.settling.total_seconds():g}",
            "WINDLASS_LATE_LOOK": f"{self._settings.late_look.total_seconds():g}",
            "WINDLASS_ATTEMPT_LIMIT": f"{self._settings.activity_timeout.total_seconds() + MARGIN.to_seconds():g}",
            "WINDLASS_DELEGATES": self._settings.delegates,
            "WINDLASS_ACCOUNT": Aws.ACCOUNT_ID,
            PASSABLE: ",".join(self._roles),
            VARIABLE: ",".join(references(self._operations)),
            # Names, not references: the machines call the functions, so a reference back would be a cycle.
            "WINDLASS_MACHINE_PREFIX": self._settings.prefix,
            "WINDLASS_FUNCTION_PREFIX": self._settings.prefix,
            "WINDLASS_SWEEP_QUEUE": self.sweeps.queue.queue_url,
            "WINDLASS_SOURCE": f"urn:windlass:{Aws.ACCOUNT_ID}:{Aws.REGION}:{self._settings.prefix.rstrip('-')}",
            "WINDLASS_BOOK": self.book.bucket.bucket_name,
            "WINDLASS_BUS": self.bus.bus.event_bus_name,
            "WINDLASS_TELLINGS": self.tellings.queue.queue_url,
            "WINDLASS_ERRANDS": self.errands.queue.queue_url,
            "WINDLASS_OBJECTIVES": json.dumps(begin_within(self._settings.objectives)),
            "WINDLASS_LOCAL": self._settings.local_receivers,
            "WINDLASS_KEPT": f"{self._settings.kept.total_seconds():.0f}",
            "WINDLASS_REDELIVERY": f"{self._settings.redelivery.total_seconds():g}",
        }

    def _machine(self, definition: Definition) -> Machine:
        return Machine(
            self,
            definition.saga,
            definition=definition,
            name=f"{self._settings.prefix}{definition.saga}",
            functions=self.functions,
            log_group=self.machine_logs,
            key=self.key,
        )

    def _grant(self) -> None:
        self._grant_api(self.functions["Api"])
        self._grant_engine(self.functions["Engine"])
        self._grant_sweep(self.functions["Sweep"])
        self._grant_nudge(self.functions["Nudge"])
        self._grant_reader(self.functions["Reader"])
        self._grant_projector(self.functions["Projector"])
        self._grant_herald(self.functions["Herald"])
        self._grant_courier(self.functions["Courier"])
        for name in self._activities:
            self._grant_activity(self.functions[name])
        for name, services in KEY_USERS.items():
            self.key.use(self.functions[name].role, *services)
        if self._settings.network:
            self._connect(self._settings.network)

    def _connect(self, network: Network) -> None:
        for name in (*(row.name for row in HUB), *self._activities):
            network.connect(self.functions[name], declared(self._declares.get(name, ())))

    def _grant_api(self, api: HubFunction) -> None:
        """The only one that writes what operations go by: accounts, receivers, alarms, freezes."""
        items = (ACCOUNTS, ALARMS, FLEET, FREEZES, GUARDS, OF_ACCOUNT, OPERATIONS, RECEIVERS, SWEEPS)
        self.table.reads(api.role, GET, QUERY, indexes=("applications", "clusters", "due", "rolls"))
        self.table.writes(api.role, PUT, UPDATE, DELETE, items=items)
        self._grant_starts(api)
        # Cancelling and deciding wake whoever waits.
        self._grant_tokens(api)
        self._grant_sweeps(api)
        self._grant_errands(api)  # what is to be redelivered
        # A dry run asks the activities for the plan, clusters are read by the Reader.
        allow(
            api.role,
            ("lambda:InvokeFunction",),
            *(
                arn("lambda", f"function:{self._settings.prefix}{name}:{LIVE}")
                for name in ("Reader", *sorted(planning(self._operations)))
            ),
        )

    def _grant_engine(self, engine: HubFunction) -> None:
        self.table.reads(engine.role, GET, QUERY)
        self.table.writes(engine.role, PUT, UPDATE, DELETE, items=(BRAKES, GUARDS, OPERATIONS, SWEEPS))
        self._grant_tokens(engine)
        self._grant_sweeps(engine)
        self._grant_clouds(engine)

    def _grant_sweep(self, sweep: HubFunction) -> None:
        self.table.reads(sweep.role, GET, QUERY, indexes=("applications", "due"))
        self.table.writes(sweep.role, PUT, UPDATE, DELETE, items=(BRAKES, GUARDS, OPERATIONS, SWEEPS))
        self._grant_tokens(sweep)
        self._grant_starts(sweep)
        # Only the sweep asks how executions stand: the bucket for that refills at 15 a second.
        allow(sweep.role, ("states:DescribeExecution",), self._of_machines("execution:{}*:*"))
        self._grant_sweeps(sweep)
        self._grant_tellings(sweep)
        self._grant_errands(sweep)
        self._grant_clouds(sweep)
        # It deals lanes to other processes of its own.
        allow(sweep.role, ("lambda:InvokeFunction",), arn("lambda", f"function:{self._settings.prefix}Sweep:{LIVE}"))

    def _grant_nudge(self, nudge: HubFunction) -> None:
        """It finds out whom an event concerns and tells the sweep: no cloud, no token, no write."""
        self.table.reads(nudge.role, QUERY, indexes=("clusters",))
        self._grant_sweeps(nudge)

    def _grant_reader(self, reader: HubFunction) -> None:
        """It reads the clouds and writes nothing but its own copy."""
        self.table.reads(reader.role, GET, QUERY)
        self.table.writes(reader.role, PUT, UPDATE, DELETE, items=(BRAKES, FLEET))
        self._grant_clouds(reader)

    def _grant_projector(self, projector: HubFunction) -> None:
        self.table.reads(projector.role, GET, QUERY)
        self.table.writes(projector.role, PUT, UPDATE, DELETE, items=(GUARDS, OPERATIONS, SWEEPS))
        self._grant_tokens(projector)
        self._grant_starts(projector)
        self._grant_sweeps(projector)  # what could not be started is in the backlog

    def _grant_herald(self, herald: HubFunction) -> None:
        self.table.reads(herald.role, GET, QUERY)
        self.table.writes(herald.role, PUT, items=(BOOK, OPERATIONS))
        self.table.writes(herald.role, DELETE, items=(BOOK,))
        allow(herald.role, ("events:PutEvents",), self.bus.bus.event_bus_arn)
        self.book.grant(herald.role)
        self._grant_errands(herald)

    def _grant_courier(self, courier: HubFunction) -> None:
        self.table.reads(courier.role, GET)
        self.table.writes(courier.role, UPDATE, items=(OPERATIONS,))
        allow(courier.role, ("sns:Publish",), TOPICS)
        self._grant_errands(courier)

    def _grant_activity(self, function: HubFunction) -> None:
        self.table.reads(function.role, GET, QUERY)
        self.table.writes(function.role, PUT, UPDATE, items=(BRAKES, CLUSTERS, GUARDS, OPERATIONS))
        self._grant_clouds(function)

    def _grant_clouds(self, function: HubFunction) -> None:
        """What it declares that it calls, and what AWS asks for on top of those calls: here, and where it may go."""
        for one in statements(declared(self._declares[function.name]), Aws.ACCOUNT_ID, self._roles):
            allow(function.role, one.actions, *one.resources, conditions=one.conditions)
        allow(function.role, ("sts:AssumeRole",), TARGET_ROLES)

    def _grant_starts(self, function: HubFunction) -> None:
        allow(function.role, ("states:StartExecution",), self._of_machines("stateMachine:{}*"))

    def _grant_tokens(self, function: HubFunction) -> None:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
        allow(function.role, _SETTLE_TOKENS, "*")  # the token names the task; the actions have no resource type

    def _grant_sweeps(self, function: HubFunction) -> None:
        allow(function.role, ("sqs:SendMessage",), self.sweeps.queue.queue_arn)

    def _grant_tellings(self, function: HubFunction) -> None:
        allow(function.role, ("sqs:SendMessage",), self.tellings.queue.queue_arn)

    def _grant_errands(self, function: HubFunction) -> None:
        allow(function.role, ("sqs:SendMessage",), self.errands.queue.queue_arn)

    def _of_machines(self, resource: str) -> str:
        """By the prefix of their names, one by one they would be half of what a role's policy may have."""
        return arn("states", resource.format(self._settings.prefix))


def declarations(operations: Sequence[AnySaga], machines: Sequence[Definition]) -> dict[str, tuple[str, ...]]:
    """What each function calls in the clouds: references to the tuples of IAM actions.

    Whoever runs the checks of waits reads what the activities' checks read.
    """
    checks = tuple(f"{module}:READS" for module in sorted(checking(operations)) if reads_of(module))
    evidence = _evidence(operations, machines)
    return {
        "Engine": checks,
        "Sweep": (*checks, ALARM_READS),
        "Reader": (FLEET_READS,),
        **{name: (f"{module}:ACTIONS", *sorted(evidence[name])) for name, module in activities(operations).items()},
    }


def _evidence(operations: Sequence[AnySaga], machines: Sequence[Definition]) -> Mapping[str, set[str]]:
    """What a function reads before an undo, where an operation gathers evidence."""
    found: dict[str, set[str]] = defaultdict(set)
    gathered = {saga.name: f"{saga.evidence.__module__}:ACTIONS" for saga in operations if saga.evidence}
    for machine in (one for one in machines if one.saga in gathered):
        for name in undoing([machine]):
            found[name].add(gathered[machine.saga])
    return found


def _check_sessions(declares: Mapping[str, Sequence[str]], roles: Sequence[str]) -> None:
    """Raises ValueError where the policy of a function's sessions in target accounts would be too long for STS."""
    for name, named in declares.items():
        length = len(session_policy(declared(named), "1" * 12, roles))
        if length > LONGEST:
            raise ValueError(
                f"the sessions of function {name} would need a policy of {length} characters, and STS takes {LONGEST}: "
                f"pass fewer roles (context passableRoles), or split the module ({named[0]})"
            )


def actions_of(module: str) -> tuple[str, ...]:
    """The IAM actions that the plans, steps and undos of an activity module call."""
    return tuple(importlib.import_module(module).ACTIONS)


def reads_of(module: str) -> tuple[str, ...]:
    """Those of its checks; a module without checks declares none."""
    return tuple(getattr(importlib.import_module(module), "READS", ()))
