"""Step Functions state machines, on moto's executing engine."""

from __future__ import annotations

import json

from local.resources.kinds import Json, Kind, Made, Wanted, lower_first, tag_list


def create_machine(wanted: Wanted) -> Made:
    name = wanted.name("StateMachineName", limit=80)
    machine = wanted.client("stepfunctions").create_state_machine(
        name=name,
        definition=_definition(wanted),
        type=wanted.properties.get("StateMachineType", "STANDARD"),
        tags=tag_list(wanted.properties.get("Tags"), "key", "value"),
        **_options(wanted),
    )
    arn = machine["stateMachineArn"]
    return Made(arn, {"Arn": arn, "Name": name, "StateMachineRevisionId": "INITIAL"})


def update_machine(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if any(wanted.properties.get(name) != before.get(name) for name in ("StateMachineName", "StateMachineType")):
        return None
    wanted.client("stepfunctions").update_state_machine(
        stateMachineArn=made.id, definition=_definition(wanted), **_options(wanted)
    )
    return made


def _options(wanted: Wanted) -> Json:
    given = wanted.properties
    encryption = given.get("EncryptionConfiguration")
    tracing = (given.get("TracingConfiguration") or {}).get("Enabled", False)
    return {
        **({"encryptionConfiguration": lower_first(encryption)} if encryption else {}),
        "roleArn": given["RoleArn"],
        "loggingConfiguration": lower_first(given.get("LoggingConfiguration") or {"Level": "OFF"}),
        "tracingConfiguration": {"enabled": str(tracing).lower() == "true"},
    }


def _definition(wanted: Wanted) -> str:
    definition = _unsubstituted(wanted)
    for name, value in (wanted.properties.get("DefinitionSubstitutions") or {}).items():
        definition = definition.replace(f"${{{name}}}", str(value))
    return definition


def _unsubstituted(wanted: Wanted) -> str:
    given = wanted.properties
    if "Definition" in given:
        return json.dumps(given["Definition"])
    if "DefinitionString" in given:
        return str(given["DefinitionString"])
    location = given["DefinitionS3Location"]
    content = wanted.client("s3").get_object(Bucket=location["Bucket"], Key=location["Key"])
    return str(content["Body"].read().decode())


def delete_machine(wanted: Wanted, made: Made) -> None:
    wanted.client("stepfunctions").delete_state_machine(stateMachineArn=made.id)


KINDS = {"AWS::StepFunctions::StateMachine": Kind(create=create_machine, update=update_machine, delete=delete_machine)}
