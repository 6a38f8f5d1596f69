"""SSM parameters."""

from __future__ import annotations

from local.resources.kinds import Json, Kind, Made, Wanted


def put_parameter(wanted: Wanted) -> Made:
    name, type_, value = wanted.name("Name"), wanted.properties["Type"], str(wanted.properties["Value"])
    wanted.client("ssm").put_parameter(
        Name=name, Type=type_, Value=value, Description=wanted.properties.get("Description", ""), Overwrite=True
    )
    return Made(name, {"Type": type_, "Value": value})


def update_parameter(wanted: Wanted, before: Json, made: Made) -> Made | None:
    return put_parameter(wanted) if wanted.properties.get("Name") == before.get("Name") else None


def delete_parameter(wanted: Wanted, made: Made) -> None:
    wanted.client("ssm").delete_parameter(Name=made.id)


KINDS = {"AWS::SSM::Parameter": Kind(create=put_parameter, update=update_parameter, delete=delete_parameter)}
