"""IAM roles and policies. Nothing on the embedded AWS enforces them; they can be read back."""

from __future__ import annotations

import json

from local.resources.kinds import Json, Kind, Made, Wanted, ignored_update, tag_list


def create_role(wanted: Wanted) -> Made:
    given = wanted.properties
    role = wanted.client("iam").create_role(
        RoleName=wanted.name("RoleName"),
        Path=given.get("Path", "/"),
        AssumeRolePolicyDocument=json.dumps(given["AssumeRolePolicyDocument"]),
        Description=given.get("Description", ""),
        MaxSessionDuration=int(given.get("MaxSessionDuration", 3600)),
        Tags=tag_list(given.get("Tags")),
    )["Role"]
    _write_policies(wanted, {})
    return Made(role["RoleName"], {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def update_role(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if any(wanted.properties.get(name) != before.get(name) for name in ("RoleName", "Path")):
        return None
    document = json.dumps(wanted.properties["AssumeRolePolicyDocument"])
    wanted.client("iam").update_assume_role_policy(RoleName=made.id, PolicyDocument=document)
    _write_policies(wanted, before)
    return made


def _write_policies(wanted: Wanted, before: Json) -> None:
    iam, role = wanted.client("iam"), wanted.name("RoleName")
    for policy in before.get("Policies", []):
        iam.delete_role_policy(RoleName=role, PolicyName=policy["PolicyName"])
    for policy in wanted.properties.get("Policies", []):
        document = json.dumps(policy["PolicyDocument"])
        iam.put_role_policy(RoleName=role, PolicyName=policy["PolicyName"], PolicyDocument=document)


def delete_role(wanted: Wanted, made: Made) -> None:
    iam = wanted.client("iam")
    for policy in iam.list_role_policies(RoleName=made.id)["PolicyNames"]:
        iam.delete_role_policy(RoleName=made.id, PolicyName=policy)
    for attached in iam.list_attached_role_policies(RoleName=made.id)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=made.id, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=made.id)


def put_policy(wanted: Wanted) -> Made:
    name, document = wanted.properties["PolicyName"], json.dumps(wanted.properties["PolicyDocument"])
    for role in wanted.properties.get("Roles", []):
        wanted.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
    return Made(name)


def update_policy(wanted: Wanted, before: Json, made: Made) -> Made:
    for role in set(before.get("Roles", [])) - set(wanted.properties.get("Roles", [])):
        wanted.client("iam").delete_role_policy(RoleName=role, PolicyName=before["PolicyName"])
    return put_policy(wanted)


def delete_policy(wanted: Wanted, made: Made) -> None:
    for role in wanted.properties.get("Roles", []):
        wanted.client("iam").delete_role_policy(RoleName=role, PolicyName=made.id)


def create_managed_policy(wanted: Wanted) -> Made:
    iam = wanted.client("iam")
    policy = iam.create_policy(
        PolicyName=wanted.name("ManagedPolicyName"),
        Path=wanted.properties.get("Path", "/"),
        PolicyDocument=json.dumps(wanted.properties["PolicyDocument"]),
        Description=wanted.properties.get("Description", ""),
    )["Policy"]
    for role in wanted.properties.get("Roles", []):
        iam.attach_role_policy(RoleName=role, PolicyArn=policy["Arn"])
    return Made(policy["Arn"], {"PolicyArn": policy["Arn"]})


def delete_managed_policy(wanted: Wanted, made: Made) -> None:
    iam = wanted.client("iam")
    for role in wanted.properties.get("Roles", []):
        iam.detach_role_policy(RoleName=role, PolicyArn=made.id)
    iam.delete_policy(PolicyArn=made.id)


def create_instance_profile(wanted: Wanted) -> Made:
    iam = wanted.client("iam")
    name = wanted.name("InstanceProfileName")
    profile = iam.create_instance_profile(InstanceProfileName=name, Path=wanted.properties.get("Path", "/"))
    for role in wanted.properties["Roles"]:
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    return Made(name, {"Arn": profile["InstanceProfile"]["Arn"]})


def delete_instance_profile(wanted: Wanted, made: Made) -> None:
    iam = wanted.client("iam")
    for role in wanted.properties["Roles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=made.id, RoleName=role)
    iam.delete_instance_profile(InstanceProfileName=made.id)


KINDS = {
    "AWS::IAM::Role": Kind(create=create_role, update=update_role, delete=delete_role),
    "AWS::IAM::Policy": Kind(create=put_policy, update=update_policy, delete=delete_policy),
    "AWS::IAM::ManagedPolicy": Kind(create=create_managed_policy, delete=delete_managed_policy, deletes_first=True),
    "AWS::IAM::InstanceProfile": Kind(
        create=create_instance_profile, delete=delete_instance_profile, deletes_first=True
    ),
    "AWS::IAM::ServiceLinkedRole": Kind(create=lambda wanted: Made(wanted.name()), update=ignored_update),
}
