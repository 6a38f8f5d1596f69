"""Lambda functions, their versions, aliases, layers, permissions and event sources."""

from __future__ import annotations

import io
import zipfile

from local.resources.kinds import IGNORED, Json, Kind, Made, Wanted, tag_map

_CONFIGURATION = (
    "Description", "Environment", "EphemeralStorage", "Handler", "KmsKeyArn", "Layers", "LoggingConfig", "MemorySize",
    "Role", "Runtime", "Timeout", "TracingConfig", "DeadLetterConfig", "VpcConfig",
)  # fmt: skip


def create_function(wanted: Wanted) -> Made:
    name, client = wanted.name("FunctionName"), wanted.client("lambda")
    client.create_function(
        FunctionName=name,
        Code=_code(wanted),
        Architectures=wanted.properties.get("Architectures", ["x86_64"]),
        Tags=tag_map(wanted.properties.get("Tags")),
        **_configuration(wanted),
    )
    _reserve(wanted, name, {})
    return _made_function(wanted, name)


def update_function(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if wanted.properties.get("FunctionName") != before.get("FunctionName"):
        return None
    client = wanted.client("lambda")
    if wanted.properties["Code"] != before["Code"]:
        client.update_function_code(FunctionName=made.id, **_code(wanted))
    client.update_function_configuration(FunctionName=made.id, **_configuration(wanted))
    _reserve(wanted, made.id, before)
    return made


def _made_function(wanted: Wanted, name: str) -> Made:
    return Made(name, {"Arn": wanted.arn("lambda", f"function:{name}")})


def _configuration(wanted: Wanted) -> Json:
    configuration: Json = {"Environment": {"Variables": {}}} | wanted.only(*_CONFIGURATION)
    return configuration | {k: int(configuration[k]) for k in ("Timeout", "MemorySize") if k in configuration}


def _code(wanted: Wanted) -> Json:
    code = wanted.properties["Code"]
    return {"ZipFile": _zipped(code["ZipFile"])} if "ZipFile" in code else code


def _zipped(text: str) -> bytes:
    """Inline code is the module `index`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", text)
    return packed.getvalue()


def _reserve(wanted: Wanted, name: str, before: Json) -> None:
    reserved = wanted.properties.get("ReservedConcurrentExecutions")
    if reserved is not None:
        wanted.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(reserved))
    elif "ReservedConcurrentExecutions" in before:
        wanted.client("lambda").delete_function_concurrency(FunctionName=name)


def delete_function(wanted: Wanted, made: Made) -> None:
    wanted.client("lambda").delete_function(FunctionName=made.id)


def create_version(wanted: Wanted) -> Made:
    name = wanted.properties["FunctionName"]
    version = wanted.client("lambda").publish_version(FunctionName=name)
    return Made(version["FunctionArn"], {"Version": version["Version"], "FunctionArn": version["FunctionArn"]})


def delete_version(wanted: Wanted, made: Made) -> None:
    wanted.client("lambda").delete_function(FunctionName=made.id)


def create_alias(wanted: Wanted) -> Made:
    alias = wanted.client("lambda").create_alias(**_alias(wanted))
    return Made(alias["AliasArn"], {"AliasArn": alias["AliasArn"]})


def update_alias(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if any(wanted.properties[name] != before[name] for name in ("FunctionName", "Name")):
        return None
    wanted.client("lambda").update_alias(**_alias(wanted))
    return made


def _alias(wanted: Wanted) -> Json:
    version = str(wanted.properties["FunctionVersion"])
    return wanted.only("FunctionName", "Name", "Description") | {"FunctionVersion": version}


def delete_alias(wanted: Wanted, made: Made) -> None:
    wanted.client("lambda").delete_alias(**wanted.only("FunctionName", "Name"))


def create_layer(wanted: Wanted) -> Made:
    content = {key: value for key, value in wanted.properties["Content"].items() if value}
    options = wanted.only("CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo")
    name, description = wanted.name("LayerName"), wanted.properties.get("Description", "")
    layer = wanted.client("lambda").publish_layer_version(
        LayerName=name, Description=description, Content=content, **options
    )
    return Made(layer["LayerVersionArn"], {"LayerVersionArn": layer["LayerVersionArn"]})


def delete_layer(wanted: Wanted, made: Made) -> None:
    name, version = made.id.split(":")[-2:]
    wanted.client("lambda").delete_layer_version(LayerName=name, VersionNumber=int(version))


def create_permission(wanted: Wanted) -> Made:
    statement = wanted.name(limit=100)
    base, qualifier = _qualified(wanted.properties["FunctionName"])
    options = wanted.only("Action", "Principal", "SourceArn", "SourceAccount", "EventSourceToken")
    if qualifier:
        options["Qualifier"] = qualifier
    wanted.client("lambda").add_permission(FunctionName=base, StatementId=statement, **options)
    return Made(statement)


def delete_permission(wanted: Wanted, made: Made) -> None:
    base, qualifier = _qualified(wanted.properties["FunctionName"])
    options = {"Qualifier": qualifier} if qualifier else {}
    wanted.client("lambda").remove_permission(FunctionName=base, StatementId=made.id, **options)


def _qualified(function: str) -> tuple[str, str]:
    parts = function.split(":")
    if function.startswith("arn:"):
        return ":".join(parts[:7]), ":".join(parts[7:])
    return parts[0], ":".join(parts[1:])


def create_event_source(wanted: Wanted) -> Made:
    made = wanted.client("lambda").create_event_source_mapping(**wanted.without("Tags"))
    return Made(made["UUID"], {"Id": made["UUID"], "EventSourceMappingArn": made["EventSourceMappingArn"]})


def update_event_source(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if any(wanted.properties.get(n) != before.get(n) for n in ("EventSourceArn", "StartingPosition")):
        return None
    options = wanted.without("Tags", "EventSourceArn", "StartingPosition")
    wanted.client("lambda").update_event_source_mapping(UUID=made.id, **options)
    return made


def delete_event_source(wanted: Wanted, made: Made) -> None:
    wanted.client("lambda").delete_event_source_mapping(UUID=made.id)


KINDS = {
    "AWS::Lambda::Function": Kind(create=create_function, update=update_function, delete=delete_function),
    "AWS::Lambda::Version": Kind(create=create_version, delete=delete_version),
    "AWS::Lambda::Alias": Kind(create=create_alias, update=update_alias, delete=delete_alias),
    "AWS::Lambda::LayerVersion": Kind(create=create_layer, delete=delete_layer),
    "AWS::Lambda::Permission": Kind(create=create_permission, delete=delete_permission, deletes_first=True),
    "AWS::Lambda::EventSourceMapping": Kind(
        create=create_event_source, update=update_event_source, delete=delete_event_source
    ),
    "AWS::Lambda::EventInvokeConfig": IGNORED,
}
