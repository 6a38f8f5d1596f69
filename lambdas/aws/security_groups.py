"""Security groups and their inbound rules on EC2."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.aws import tags as tagging
from lambdas.cloud import Tags
from lambdas.cloud.security_groups import ALL, Rule, SecurityGroup, SecurityGroups
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

SERVICE = "ec2"
SHOWN = 20
"""Dependents that a refusal names."""


class Ec2SecurityGroups(SecurityGroups):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: EC2Client = clients[SERVICE]

    def find(self, vpc: str, name: str) -> SecurityGroup:
        for one in self._described({"vpc-id": [vpc], "group-name": [name]}):
            if one["GroupName"] == name:  # filters take * and ? as wildcards
                return _group(one)
        raise NotFound(f"security group {name} in {vpc}: there is none")

    def ids(self, vpc: str, names: Sequence[str]) -> dict[str, str]:
        found = self._described({"vpc-id": [vpc], "group-name": list(names)}) if names else ()
        return {one["GroupName"]: one["GroupId"] for one in found if one["GroupName"] in names}

    def dependents(self, group: str) -> tuple[str, ...]:
        naming = [
            f"a rule of security group {one['GroupName']} ({one['GroupId']})"
            for kind in ("ip-permission", "egress.ip-permission")
            for one in self._described({f"{kind}.group-id": [group]})
            if one["GroupId"] != group
        ]
        with translating(SERVICE, f"network interfaces of {group}"):
            used = self._client.describe_network_interfaces(Filters=_filters({"group-id": [group]}))
        interfaces = [_interface(one) for one in used["NetworkInterfaces"]]
        return tuple(dict.fromkeys((*naming, *interfaces)))[:SHOWN]

    def create(self, vpc: str, name: str, description: str, tags: Tags) -> None:
        tagged: Any = [{"ResourceType": "security-group", "Tags": tagging.rendered(tags)}]
        with translating(SERVICE, f"security group {name} in {vpc}"):
            self._client.create_security_group(
                GroupName=name, Description=description, VpcId=vpc, TagSpecifications=tagged
            )

    def authorize(self, group: str, rules: Sequence[Rule]) -> None:
        with translating(SERVICE, f"security group {group}"):
            self._client.authorize_security_group_ingress(GroupId=group, IpPermissions=_permissions(rules))

    def revoke(self, group: str, rules: Sequence[Rule]) -> None:
        bare = [Rule(*one.permission) for one in rules]
        with translating(SERVICE, f"security group {group}"):
            answer = self._client.revoke_security_group_ingress(GroupId=group, IpPermissions=_permissions(bare))
        # In a default VPC that is no error: the others are revoked.
        if answer.get("UnknownIpPermissions"):
            raise NotFound(f"security group {group}: some of the rules to revoke are not there")

    def describe(self, group: str, rules: Sequence[Rule]) -> None:
        with translating(SERVICE, f"security group {group}"):
            self._client.update_security_group_rule_descriptions_ingress(
                GroupId=group, IpPermissions=_permissions(rules, emptied=True)
            )

    def tag(self, group: str, tags: Tags) -> None:
        with translating(SERVICE, f"security group {group}"):
            self._client.create_tags(Resources=[group], Tags=tagging.rendered(tags))

    def untag(self, group: str, keys: Sequence[str]) -> None:
        with translating(SERVICE, f"security group {group}"):
            self._client.delete_tags(Resources=[group], Tags=[{"Key": key} for key in keys])

    def delete(self, group: str) -> None:
        with translating(SERVICE, f"security group {group}"):
            self._client.delete_security_group(GroupId=group)

    def _described(self, wanted: dict[str, list[str]]) -> list[Any]:
        pages = self._client.get_paginator("describe_security_groups").paginate(Filters=_filters(wanted))
        with translating(SERVICE, "security groups"):
            return [one for page in pages for one in page["SecurityGroups"]]


def _filters(wanted: dict[str, list[str]]) -> Any:
    return [{"Name": name, "Values": values} for name, values in wanted.items()]


def _interface(described: Any) -> str:
    said = described.get("Description") or described.get("Attachment", {}).get("InstanceId") or "not described"
    return f"network interface {described['NetworkInterfaceId']} ({said})"


def _group(described: Any) -> SecurityGroup:
    owner = described.get("OwnerId", "")
    rules = {one for permission in described.get("IpPermissions", ()) for one in _rules(permission, owner)}
    return SecurityGroup(
        described["GroupId"],
        described["GroupName"],
        described["VpcId"],
        described.get("Description", ""),
        tuple(sorted(rules, key=lambda one: one.permission)),
        tagging.parsed(described.get("Tags", ())),
    )


def _rules(permission: Any, owner: str) -> Iterator[Rule]:
    ports = (permission["IpProtocol"], permission.get("FromPort", ALL), permission.get("ToPort", ALL))
    for one in permission.get("IpRanges", ()):
        yield Rule(*ports, one["CidrIp"], one.get("Description") or "")
    for one in permission.get("Ipv6Ranges", ()):
        yield Rule(*ports, one["CidrIpv6"], one.get("Description") or "")
    for one in permission.get("PrefixListIds", ()):
        yield Rule(*ports, one["PrefixListId"], one.get("Description") or "")
    for one in permission.get("UserIdGroupPairs", ()):
        account = one.get("UserId", owner)
        source = one["GroupId"] if account == owner else f"{account}/{one['GroupId']}"
        yield Rule(*ports, source, one.get("Description") or "")


def _permissions(rules: Sequence[Rule], *, emptied: bool = False) -> Any:
    """`emptied`: an empty description is sent too, which takes away the one that stands."""
    return [_permission(one, {"Description": one.description} if one.description or emptied else {}) for one in rules]


def _permission(rule: Rule, said: dict[str, str]) -> dict[str, Any]:
    ports = {} if rule.protocol == "-1" else {"FromPort": rule.start, "ToPort": rule.end}
    return {"IpProtocol": rule.protocol, **ports, **_source(rule.source, said)}


def _source(source: str, said: dict[str, str]) -> dict[str, Any]:
    account, _, group = source.rpartition("/")
    if group.startswith("sg-"):
        return {"UserIdGroupPairs": [{"GroupId": group, **({"UserId": account} if account else {}), **said}]}
    if source.startswith("pl-"):
        return {"PrefixListIds": [{"PrefixListId": source, **said}]}
    if ":" in source:
        return {"Ipv6Ranges": [{"CidrIpv6": source, **said}]}
    return {"IpRanges": [{"CidrIp": source, **said}]}
