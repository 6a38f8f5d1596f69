"""What AWS's own rules (cdk-nag, AwsSolutions) say of our stacks, and why each finding stays as it is.

An exception is for one rule, for a wildcard for that one wildcard, and for the resources it names: never for a stack.
One that no finding needs any more fails the test as a finding without one does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from statemachines import ALL

APIS = ("Api/Api", "MutualTls/Api")
"""The door that asks IAM, and the one that asks for a certificate."""
FUNCTIONS = ("Functions/*/Role/DefaultPolicy/Resource",)
"""The policies of functions, each of which is tested line by line (tests/stacks/test_stack_permissions.py)."""


@dataclass(frozen=True)
class Explained:
    rule: str
    paths: tuple[str, ...]
    """Of constructs below the stack; `*` stands for one function's name."""
    because: str

    def covers(self, rule: str, path: str) -> bool:
        return rule == self.rule and any(fnmatchcase(path, f"Windlass/{one}") for one in self.paths)


def _functions(*names: str) -> tuple[str, ...]:
    return tuple(f"Functions/{name}/Role/DefaultPolicy/Resource" for name in names)


def _wildcard(resource: str, paths: tuple[str, ...], because: str) -> Explained:
    return Explained(f"AwsSolutions-IAM5[Resource::{resource}]", paths, because)


def _of_apis() -> Iterator[Explained]:
    yield Explained(
        "AwsSolutions-APIG2",
        tuple(f"{one}/Resource" for one in APIS),
        "Bodies are judged in the function, by the models that the OpenAPI document is made of: API Gateway's answer "
        "to a bad body would not be Clouddriver's, nor name the field. `make fuzz` sends it ten thousand.",
    )
    yield Explained(
        "AwsSolutions-APIG3",
        tuple(f"{one}/DeploymentStage.v1/Resource" for one in APIS),
        "No request gets past the door without a signature or a certificate, and each stage is throttled; a web ACL is "
        "the installation's to attach, whose callers and budget it knows.",
    )
    yield Explained(
        "AwsSolutions-APIG6",
        tuple(f"{one}/DeploymentStage.v1/Resource" for one in APIS),
        "API Gateway's execution log writes bodies and headers, user data and secrets of webhooks among them. The "
        "access log tells who asked for what, and the function's log the rest.",
    )
    yield Explained(
        "AwsSolutions-APIG4",
        ("MutualTls/Api/Default/ANY/Resource", "MutualTls/Api/Default/{proxy+}/ANY/Resource"),
        "Its authoriser is TLS: the domain asks for a client certificate, its default endpoint is disabled, and the "
        "function maps the certificate to a principal (tests/stacks/test_doors.py, tests/api/test_doors.py).",
    )
    yield Explained(
        "AwsSolutions-COG4",
        tuple(f"{one}/Default{path}/ANY/Resource" for one in APIS for path in ("", "/{proxy+}")),
        "Callers are machines with an IAM identity or a certificate; nobody signs in with a password.",
    )
    yield Explained(
        "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
        "AmazonAPIGatewayPushToCloudWatchLogs]",
        ("Api/Api/CloudWatchRole/Resource",),
        "API Gateway takes no other policy than this one to write its access log with.",
    )


def _of_machines_and_functions() -> Iterator[Explained]:
    yield Explained(
        "AwsSolutions-SF1",
        tuple(f"{saga.name}/Machine/Resource" for saga in ALL),
        "Failures are logged; every event of every state would cost more than the operation, and the journal and the "
        "execution's own history have the story already.",
    )
    yield Explained(
        "AwsSolutions-L1",
        ("Functions/*/Function/Resource",),
        "The runtime is named, not the latest: wheels of the layer are built for it, and a newer one is a change to "
        "review. It is in Lambda's support.",
    )
    yield Explained(
        "AwsSolutions-SQS3",
        ("Herald/DeadLetters/Resource", "Projector/DeadLetters/Resource"),
        "They are dead letter queues, each with an alarm.",
    )
    yield Explained(
        "AwsSolutions-SQS3",
        ("Nudges/Queue/Resource",),
        "A nudge that is lost makes a look come later and nothing else (docs/adr/0005).",
    )


def _of_the_hub() -> Iterator[Explained]:
    yield _wildcard(
        "*",
        tuple(f"{saga.name}/Role/Resource" for saga in ALL),
        "A machine's role has the log delivery and the traces of Step Functions so, which have no resource types; what "
        "it may invoke is listed, alias by alias.",
    )
    yield _wildcard(
        "*",
        FUNCTIONS,
        "Reads that AWS gives no resource types (Describe…), and X-Ray; what changes something is below.",
    )
    yield _wildcard(
        "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:windlass-*",
        _functions("Api", "Projector", "Sweep"),
        "The machines of this stack, by their prefix: listed, forty and more ARNs near the limit of a policy.",
    )
    yield _wildcard(
        "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:windlass-*:*",
        _functions("Sweep"),
        "An execution's name is the operation's id, which is made later.",
    )
    yield _wildcard(
        "arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:windlass-*",
        ("Shifts/Role/Resource",),
        "CodeDeploy shifts the aliases of the functions of this stack, by their prefix.",
    )
    yield _wildcard(
        "*",
        ("Shifts/Role/Resource",),
        "CodeDeploy looks at the alarms that stop a shift, and CloudWatch gives reading them no resource type.",
    )
    yield _wildcard(
        "arn:*:sns:*:*:windlass-*",
        _functions("Courier"),
        "Topics of any account whose owners named them so for Windlass, and whose policies let it publish.",
    )
    yield _wildcard(
        "arn:<AWS::Partition>:ec2:<AWS::Region>:*:*/*",
        FUNCTIONS,
        "Lambda itself places the functions' interfaces into the given VPC; their code is denied these actions "
        "(tests/stacks/test_network.py).",
    )


_NAMED_BY_REQUESTS = (
    "Which one is for the request to say. What may be done to it is narrowed where it is done: by policies (Cedar), by "
    "accounts that are opted in, and by the session policy of each activity (tests/stacks/test_session_policies.py)."
)
_READ = "A condition of AWS's own on the action, for what a request names; nothing of it is changed."


def _of_clouds() -> Iterator[Explained]:
    account = "<AWS::AccountId>"
    yield _wildcard(
        "arn:*:iam::*:role/windlass-*",
        FUNCTIONS,
        "The roles of target accounts: only those whose trust names the hub, with an external id, can be assumed.",
    )
    yield _wildcard(f"arn:*:autoscaling:*:{account}:*", FUNCTIONS, _NAMED_BY_REQUESTS)
    yield _wildcard(f"arn:*:ec2:*:{account}:*", FUNCTIONS, _NAMED_BY_REQUESTS)
    yield _wildcard(f"arn:*:ec2:*:{account}:*/*", _functions("Launching", "ServerGroups"), _NAMED_BY_REQUESTS)
    yield _wildcard(
        f"arn:*:ec2:*:{account}:launch-template/*",
        _functions("LaunchTemplates"),
        "CreateLaunchTemplate: the id is AWS's to choose.",
    )
    yield _wildcard(
        f"arn:*:ec2:*:{account}:network-interface/*",
        _functions("NetworkInterfaces"),
        "CreateNetworkInterface: the id is AWS's to choose.",
    )
    for service, functions in (
        ("cloudformation", ("Engine", "Stacks", "Sweep")),
        ("cloudwatch", ("Alarms", "Policies", "Scaling")),
        ("elasticloadbalancing", ("Balancers", "LoadBalancers", "Registrations")),
    ):
        yield _wildcard(f"arn:*:{service}:*:{account}:*", _functions(*functions), _NAMED_BY_REQUESTS)
    yield _wildcard("arn:*:cloudformation:*:aws:transform/*", _functions("Stacks"), "Templates may use AWS's macros.")
    yield _wildcard("arn:*:ec2:*:*:subnet/*", _functions("NetworkInterfaces"), _READ)
    yield _wildcard("arn:*:ec2:*:*:vpc/*", _functions("SecurityGroups"), _READ)
    images, snapshots = ("Amis", "Engine", "Members", "SecurityGroups", "Sweep"), ("Amis", "Members", "SecurityGroups")
    yield _wildcard("arn:*:ec2:*::image/*", _functions(*images), _NAMED_BY_REQUESTS)
    yield _wildcard("arn:*:ec2:*::snapshot/*", _functions(*snapshots), _NAMED_BY_REQUESTS)
    yield _wildcard("arn:*:route53:::hostedzone/*", _functions("Engine", "Records", "Sweep"), _NAMED_BY_REQUESTS)
    yield _wildcard(
        "arn:*:ssm:*:*:parameter/*",
        _functions("Launching", "ServerGroups"),
        "An image may be named by a parameter, AWS's public ones among them.",
    )
    yield _wildcard(
        f"arn:*:iam::{account}:role/BaseIAMRole",
        _functions("Hooks", "Launching", "ServerGroups", "Stacks"),
        "One role by its name: the wildcard is the partition. Which roles may be passed is the deployment's to say "
        "(`passableRoles`).",
    )
    yield _wildcard(
        f"arn:*:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/*",
        _functions("ServerGroups"),
        "Auto Scaling's service-linked role, which it makes with the first group; its suffix is AWS's.",
    )


def _of_the_book() -> Iterator[Explained]:
    yield Explained(
        "AwsSolutions-S1",
        ("Book/Bucket/Resource",),
        "Who read or wrote a page CloudTrail's data events tell; a second bucket for access logs would need the same "
        "care as the book itself. That no page was changed, removed or added its own chain shows.",
    )
    yield _wildcard(
        "<BookBucket2160EE3C.Arn>/book/*",
        _functions("Herald"),
        "It writes each page under a name of its own, and reads one that another of its processes has written first.",
    )


EXCEPTIONS = (*_of_apis(), *_of_machines_and_functions(), *_of_the_hub(), *_of_clouds(), *_of_the_book())
