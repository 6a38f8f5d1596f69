"""The functions: a row of a table each, from one code asset and one layer, called through the alias `live`."""

import importlib.util
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambdas.authority import POLICIES
from lambdas.permissions import DECLARES
from stacks import ROOT
from stacks.dependencies import Dependencies
from stacks.grants import allow

PACKAGES = ("saga", "statemachines", "lambdas", "windlass")
LIVE = "live"
TIMEOUT = Duration.seconds(60)
"""Of everything a state machine or an event calls, unless a deployment says less for activities."""
MARGIN = Duration.seconds(5)
"""After its timeout a function is certainly over: `lambdas.hub.Settings.attempt_limit` is the timeout and this."""
KEPT = logs.RetentionDays.THREE_MONTHS
"""As long as Step Functions keeps an execution's history."""


COURIER = Duration.seconds(20)
"""Of the courier: the longest that a receiver may take (`lambdas.push.letters`), DNS and the table."""


@dataclass(frozen=True)
class Row:
    """One function."""

    name: str
    """As machines and callers know it; the deployed name has the prefix in front."""
    handler: str
    purpose: str
    memory: int = 512
    timeout: Duration = TIMEOUT
    loops: bool = False
    """Whether it sends messages to the queue that wakes it. Lambda would drop each sixteenth, taking it for a mistake:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"""


HUB = (
    # API Gateway itself gives up after 29 seconds.
    Row("Api", "lambdas.api.handler.handler", "answers HTTP", memory=1024, timeout=Duration.seconds(29)),
    Row("Engine", "lambdas.handlers.engine", "guards, waits, holds and ends of every operation"),
    # Reading a backlog of 30,000 rows is 1.3 seconds of one core's work; with this comes half of a core.
    Row("Sweep", "lambdas.handlers.sweep", "looks at every row whose time has come", memory=1024, loops=True),
    Row("Nudge", "lambdas.handlers.nudge", "brings looks forward when instances move", timeout=Duration.seconds(10)),
    Row("Reader", "lambdas.handlers.reader", "reads all server groups for GET /clusters", 1024, Duration.seconds(300)),
    Row("Projector", "lambdas.handlers.projector", "does what follows an end, from the table's stream"),
    Row("Courier", "lambdas.push.handlers.courier", "takes events to webhooks and topics", timeout=COURIER, loops=True),
    Row("Herald", "lambdas.push.handlers.herald", "tells the bus what happens to operations, from the table's stream"),
)


def activity(name: str, module: str, timeout: Duration) -> Row:
    purpose = f"plans, steps and undos of {module.rpartition('.')[2].replace('_', ' ')}"
    return Row(name, "lambdas.handlers.activity", purpose, timeout=timeout)


class Functions(Construct):
    """Every function, by its name without the prefix.

    `reserved`: executions at once that no other function can take from it, and no more of it than these. `declares`:
    references to what it calls in the clouds.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        rows: Iterable[Row],
        reserved: Mapping[str, int],
        prefix: str,
        environment: dict[str, str],
        declares: Mapping[str, Sequence[str]],
        layer: Path,
        packages: Sequence[Path],
        policies: Path,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        code, dependencies = _code(self, packages, policies), Dependencies(self, "Dependencies", folder=layer)
        self._functions = {
            row.name: HubFunction(
                self,
                row.name,
                row=row,
                reserved=reserved.get(row.name),
                name=prefix + row.name,
                path=acting_path(prefix) if row.name in declares else role_path(prefix),
                environment=environment | {DECLARES: ",".join(declares.get(row.name, ()))},
                code=code,
                layer=dependencies,
                key=key,
                removal=removal,
            )
            for row in rows
        }

    def __getitem__(self, name: str) -> "HubFunction":
        return self._functions[name]

    @property
    def aliases(self) -> dict[str, lambda_.Alias]:
        """What everything calls, by the functions' names."""
        return {name: one.live for name, one in self._functions.items()}


class HubFunction(Construct):
    """A function with its own role and log group; `live` is what everything calls."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        row: Row,
        reserved: int | None,
        name: str,
        path: str,
        environment: Mapping[str, str],
        code: lambda_.Code,
        layer: lambda_.ILayerVersion,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name, self.function_name = row.name, name
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=KEPT,
            encryption_key=key,
            removal_policy=removal,
        )
        # Lambda's managed policy would let each function write to every log group of the account.
        self.role = iam.Role(self, "Role", path=path, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        allow(self.role, ("logs:CreateLogStream", "logs:PutLogEvents"), log_group.log_group_arn)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=f"Windlass: {row.purpose}",
            handler=row.handler,
            code=code,
            layers=[layer],
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=row.memory,
            timeout=row.timeout,
            reserved_concurrent_executions=reserved,
            recursive_loop=lambda_.RecursiveLoop.ALLOW if row.loops else None,
            role=self.role,
            environment={"POWERTOOLS_SERVICE_NAME": row.name, **environment},
            tracing=lambda_.Tracing.ACTIVE,
            logging_format=lambda_.LoggingFormat.JSON,
            log_group=log_group,
            current_version_options=lambda_.VersionOptions(removal_policy=removal),
        )
        self.live = lambda_.Alias(self, "Live", alias_name=LIVE, version=self.function.current_version)


def role_path(prefix: str) -> str:
    """Of the roles of a hub's functions."""
    return f"/{prefix.rstrip('-')}/"


def acting_path(prefix: str) -> str:
    """Of those that act in clouds: the trust policies of target accounts name it (`stacks/target.py`)."""
    return f"{role_path(prefix)}clouds/"


def packages(modules: Iterable[str]) -> tuple[Path, ...]:
    """The folders of the packages besides ours that these modules are in. Raises ValueError for a bare module."""
    others = sorted({module.partition(".")[0] for module in modules} - set(PACKAGES))
    return tuple(map(_folder, others))


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} is no package: put the operation's modules into a folder with an __init__.py")
    return Path(spec.submodule_search_locations[0])


def _code(scope: Construct, others: Sequence[Path], policies: Path) -> lambda_.Code:
    """What ships together: our packages, those of other operations, the policies; copied side by side if need be."""
    if not others and policies == POLICIES:
        return _ours(ROOT)
    together = Path(Stage.of(scope).outdir) / "code"  # type: ignore[union-attr]  # every construct is in a stage
    for folder in (*(ROOT / package for package in PACKAGES), *others):
        shutil.copytree(
            folder, together / folder.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copytree(policies, together / POLICIES.name, dirs_exist_ok=True)
    return lambda_.Code.from_asset(str(together), ignore_mode=IgnoreMode.GIT, exclude=["__pycache__", "*.pyc", ".*"])


def _ours(root: Path) -> lambda_.Code:
    """Our packages and policies, and nothing else of the tree."""
    shipped = [line for package in (*PACKAGES, POLICIES.name) for line in (f"!/{package}", f"!/{package}/**")]
    return lambda_.Code.from_asset(
        str(root), ignore_mode=IgnoreMode.GIT, exclude=["/*", *shipped, "__pycache__", "*.pyc", ".*"]
    )
