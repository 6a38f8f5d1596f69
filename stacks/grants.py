"""Permission to call an API: actions listed one by one, on named resources, for a function or a machine."""

from collections.abc import Iterable, Mapping
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

Grantee = iam.IGrantable


def allow(
    grantee: Grantee, actions: Iterable[str], *resources: str, conditions: Mapping[str, Any] | None = None
) -> None:
    """Add the statement to the grantee's role; whoever passes `*` as resource says why on that line."""
    grantee.grant_principal.add_to_principal_policy(statement(actions, *resources, conditions=conditions))


def deny(grantee: Grantee, actions: Iterable[str], *resources: str, conditions: Mapping[str, Any]) -> None:
    """Whatever else allows it, not under these conditions."""
    refused = statement(actions, *resources, conditions=conditions)
    refused.effect = iam.Effect.DENY
    grantee.grant_principal.add_to_principal_policy(refused)


def statement(
    actions: Iterable[str], *resources: str, conditions: Mapping[str, Any] | None = None
) -> iam.PolicyStatement:
    """Permission to do that to these resources."""
    return iam.PolicyStatement(
        actions=sorted(set(actions)), resources=list(resources), conditions=dict(conditions) if conditions else None
    )


def arn(service: str, resource: str) -> str:
    """ARN of a resource of this account and Region whose name we chose: no reference, so no cycle in the template."""
    return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"
