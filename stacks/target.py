"""What a target account needs: `python -m stacks.target` writes one CloudFormation template for all of them.

It makes the role that the hub assumes, in the stack of the first of its Regions, and in each Region the rules that
forward events to the hub, without which everything works, only slower. What the role may do is what the functions
declare; which of it a session has, the hub narrows further (`lambdas.permissions`). docs/accounts.md explains it.
"""

import argparse
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import App, Aws, CfnCondition, CfnOutput, CfnParameter, DefaultStackSynthesizer, Fn, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from lambdas.dependent_actions import PASS_ROLE
from lambdas.nudges import PATTERNS
from lambdas.permissions import Statement, declared, statements
from stacks import ROOT
from stacks.definitions import AnySaga, definitions
from stacks.functions import acting_path
from stacks.nudges import RULES, forwarded_bus
from stacks.settings import Settings
from stacks.windlass import declarations
from statemachines import ALL, Registered

TEMPLATE = ROOT / "build" / "windlass-target.template.json"
GLOBAL = ("iam", "route53")
"""Services whose calls are none of a Region."""
Json = dict[str, Any]


class Target(Stack):
    """The role of a target account and its forwarding of events, for a hub with these operations and this prefix."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str = "WindlassTarget",
        *,
        operations: Sequence[AnySaga] = ALL,
        prefix: str = Settings.prefix,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Windlass: the role that the hub assumes in this account, and the events that it is told of",
            # Whoever owns the account deploys it with what he has: no bootstrap, no asset.
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            analytics_reporting=False,
        )
        self._prefix = prefix
        self._asked = _Parameters(self)
        self._role(actions_of_all(operations))
        self._forwarding()

    def _role(self, actions: Collection[str]) -> None:
        asked = self._asked
        role = iam.CfnRole(
            self,
            "Role",
            role_name=asked.role_name.value_as_string,
            description=f"Assumed by the functions of Windlass in {asked.hub.value_as_string}",
            assume_role_policy_document=_policy(self._trust()),
            permissions_boundary=asked.boundary_or_none,
            policies=[_inline("operations", *self._operations(actions), self._passing(actions))],
        )
        role.cfn_options.condition = asked.is_home
        output = CfnOutput(self, "RoleArn", value=role.attr_arn, description="For the body of PUT /accounts/{name}")
        output.condition = asked.is_home

    def _trust(self) -> Json:
        """The hub's functions that act in clouds, if they say one of these external ids."""
        hub = self._asked.hub.value_as_string
        functions = f"arn:{Aws.PARTITION}:iam::{hub}:role{acting_path(self._prefix)}*"
        return {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{Aws.PARTITION}:iam::{hub}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnLike": {"aws:PrincipalArn": functions},
                "StringEquals": {"sts:ExternalId": Token.as_list(self._asked.external_ids.value)},
            },
        }

    def _operations(self, actions: Collection[str]) -> Sequence[Json]:
        """On things that anybody made: an account is opted in as a whole. In these Regions."""
        regions = {"StringEquals": {"aws:RequestedRegion": self._asked.regions.value_as_list}}
        here = frozenset(one for one in actions if _service(one) not in GLOBAL)
        regional, anywhere = (statements(some, Aws.ACCOUNT_ID) for some in (here, frozenset(actions) - here))
        local = [one for one in regional if _service(one.actions[0]) not in GLOBAL]
        others = [one for one in regional if one not in local]
        return [*(_said(one, regions) for one in local), *(one.json_value for one in (*others, *anywhere))]

    def _passing(self, actions: Collection[str]) -> Json:
        """Of the roles that are named, to the services that launch, notify and deploy."""
        (needed,) = (one for one in statements(actions, Aws.ACCOUNT_ID, ["*"]) if one.actions == (PASS_ROLE,))
        said = needed.json_value | {"Resource": self._asked.passable_arns}
        nothing: Json = {"Ref": "AWS::NoValue"}
        return Fn.condition_if(self._asked.passes.logical_id, said, nothing)  # type: ignore[return-value]  # a token

    def _forwarding(self) -> None:
        hub, region = self._asked.hub.value_as_string, self._asked.hub_region.value_as_string
        bus = f"arn:{Aws.PARTITION}:events:{region}:{hub}:event-bus/{forwarded_bus(self._prefix)}"
        role = iam.CfnRole(
            self,
            "Forwarder",
            description="Takes events of Auto Scaling, EC2 and CloudFormation to Windlass",
            assume_role_policy_document=_policy(
                {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ),
            permissions_boundary=self._asked.boundary_or_none,
            policies=[_inline("forward", {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus})],
        )
        role.cfn_options.condition = self._asked.forwards
        for source, pattern in PATTERNS.items():
            self._rule(source, pattern, events.CfnRule.TargetProperty(id="Hub", arn=bus, role_arn=role.attr_arn))

    def _rule(self, source: str, pattern: Mapping[str, Any], target: events.CfnRule.TargetProperty) -> None:
        name, description = RULES[source]
        told = {key.replace("_", "-"): value for key, value in pattern.items()}
        rule = events.CfnRule(
            self,
            name,
            description=f"Windlass is told: {description}",
            event_pattern={"source": [source]} | told,
            targets=[target],
        )
        rule.cfn_options.condition = self._asked.forwards


class _Parameters:
    """What whoever deploys it says."""

    def __init__(self, stack: Stack) -> None:
        self.hub = _text(stack, "HubAccount", "The account that Windlass runs in", "[0-9]{12}")
        self.hub_region = _text(stack, "HubRegion", "The Region of the hub: events are forwarded there", "[a-z0-9-]+")
        self.external_ids = _list(
            stack,
            "ExternalIds",
            "The external id that Windlass gives the account's name: windlass/prod. Several for several names",
            "[A-Za-z0-9_+=.@:/-]{2,1224}",
        )
        self.regions = _list(
            stack,
            "Regions",
            "Where Windlass may act, with commas. The role is made by the stack in the first of them",
            "[a-z]{2,4}(-[a-z]+)+-[0-9]",
        )
        self.passable = _list(
            stack,
            "PassableRoles",
            "Roles of this account that may be passed to EC2, Auto Scaling and CloudFormation, by path and name, with "
            "*: BaseIAMRole, apps/*; empty for none. Whoever may start operations can do what these may",
            r"([\w+=.@*-]+(/[\w+=.@*-]+)*)?",
            default="BaseIAMRole",
        )
        self.boundary = _text(
            stack,
            "PermissionsBoundary",
            "ARN of a policy, or empty for none",
            "|arn:[a-z-]+:iam::.*:policy/.+",
            default="",
        )
        self.role_name = _text(
            stack, "RoleName", "Begins with windlass-: the hub assumes no other", "windlass-[A-Za-z0-9+=,.@_-]{1,55}",
            default="windlass-target",
        )  # fmt: skip
        self.forward = CfnParameter(
            stack, "ForwardEvents", type="String", default="yes", allowed_values=["yes", "no"],
            description="Tell the hub what moves, so that operations go on at once and not at the next look",
        )  # fmt: skip
        home = Fn.condition_equals(Aws.REGION, Fn.select(0, self.regions.value_as_list))
        self.is_home = CfnCondition(stack, "IsHome", expression=home)
        self.passes = CfnCondition(stack, "Passes", expression=_is_said(Fn.join("", self.passable.value_as_list)))
        self._bounded = CfnCondition(stack, "Bounded", expression=_is_said(self.boundary.value_as_string))
        self.forwards = CfnCondition(
            stack, "Forwards", expression=Fn.condition_equals(self.forward.value_as_string, "yes")
        )

    @property
    def boundary_or_none(self) -> str:
        return Fn.condition_if(self._bounded.logical_id, self.boundary.value_as_string, Aws.NO_VALUE).to_string()

    @property
    def passable_arns(self) -> list[str]:
        """Only text may stand between the members of a list, so the account is `*`: a role passes those of its own."""
        start = "arn:*:iam::*:role/"
        return Fn.split(",", f"{start}{Fn.join(f',{start}', self.passable.value_as_list)}")


def actions_of_all(operations: Sequence[AnySaga]) -> frozenset[str]:
    """Every IAM action that any function of the hub declares."""
    declares = declarations(operations, definitions(operations))
    return declared(one for references in declares.values() for one in references)


def template(operations: Sequence[AnySaga] = ALL, prefix: str = Settings.prefix) -> Json:
    """The template, a pure function of the operations."""
    context = {"aws:cdk:enable-path-metadata": False}
    app = App(analytics_reporting=False, tree_metadata=False, builtin_cloud_formation_validation=False, context=context)
    stack = Target(app, operations=operations, prefix=prefix)
    made: Json = app.synth().get_stack_by_name(stack.stack_name).template
    return made


def _policy(*said: Any) -> Json:
    return {"Version": "2012-10-17", "Statement": list(said)}


def _inline(name: str, *said: Any) -> iam.CfnRole.PolicyProperty:
    return iam.CfnRole.PolicyProperty(policy_name=name, policy_document=_policy(*said))


def _said(statement: Statement, conditions: Mapping[str, Mapping[str, Any]]) -> Json:
    """With these conditions besides its own."""
    both = {
        operator: {**statement.conditions.get(operator, {}), **conditions.get(operator, {})}
        for operator in (*statement.conditions, *conditions)
    }
    return statement.json_value | {"Condition": both}


def _service(action: str) -> str:
    return action.partition(":")[0]


def _is_said(text: str) -> Any:
    return Fn.condition_not(Fn.condition_equals(text, ""))


def _text(stack: Stack, name: str, description: str, pattern: str, default: str | None = None) -> CfnParameter:
    return _parameter("String", stack, name, description, pattern, default)


def _list(stack: Stack, name: str, description: str, pattern: str, default: str | None = None) -> CfnParameter:
    """Each member has to match."""
    return _parameter("CommaDelimitedList", stack, name, description, pattern, default)


def _parameter(kind: str, stack: Stack, name: str, description: str, pattern: str, default: str | None) -> CfnParameter:
    return CfnParameter(
        stack, name, type=kind, description=description, allowed_pattern=f"^({pattern})$", default=default
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m stacks.target", description=__doc__)
    parser.add_argument("--out", type=Path, default=TEMPLATE, help="where it is written")
    parser.add_argument("--prefix", default=Settings.prefix, help="of the hub (context `prefix`)")
    asked = parser.parse_args(arguments)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(template(tuple(Registered().values()), asked.prefix), indent=1) + "\n")
    print(asked.out)  # noqa: T201 - the program's answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
