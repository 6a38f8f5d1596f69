"""moto's security groups, made to refuse what EC2 refuses: rules are added all or none, what is in use stays."""

from functools import wraps
from typing import Any

import pytest
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.responses.security_groups import SecurityGroups


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecurityGroups, "authorize_security_group_ingress", _whole(SecurityGroups))
    monkeypatch.setattr(SecurityGroupBackend, "delete_security_group", _unused(SecurityGroupBackend))


def _whole(owner: Any) -> Any:
    """moto adds rule by rule, up to the first that it refuses."""
    method = owner.authorize_security_group_ingress

    @wraps(method)
    def authorize(response: Any) -> Any:
        group = response.ec2_backend.get_security_group_by_name_or_id(response._get_param("GroupId"))
        before = list(group.ingress_rules) if group else []
        try:
            return method(response)
        except Exception:
            if group:
                group.ingress_rules = before
            raise

    return authorize


def _unused(owner: Any) -> Any:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html"""
    method = owner.delete_security_group

    @wraps(method)
    def delete(backend: Any, name: str | None = None, group_id: str | None = None) -> Any:
        groups = [one for of_vpc in backend.groups.values() for one in of_vpc.values() if one.id != group_id]
        rules = (rule for one in groups for rule in one.ingress_rules)
        if any(rule.source_group.get("GroupId") == group_id for rule in rules):
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        return method(backend, name, group_id)

    return delete
