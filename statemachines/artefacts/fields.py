"""A request's JSON schema as Markdown tables: one for the request, one for each value in it."""

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def tables(schema: Json) -> Iterator[str]:
    """Lines."""
    yield from _table(schema)
    for name, part in sorted(schema.get("$defs", {}).items()):
        if "properties" in part:
            yield from ("", f"### {name}", "")
            yield from (part["description"].partition("\n\n")[0], "") if "description" in part else ()
            yield from _table(part)


def _table(schema: Json) -> Iterator[str]:
    yield "| field | type | default | what |"
    yield "|---|---|---|---|"
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        default = "required" if name in required else _default(field)
        yield f"| `{name}` | {kind(field)} | {default} | {_cell(field.get('description', ''))} |"


def _default(field: Json) -> str:
    default = field.get("default")
    return "" if default in (None, "", [], {}) else f"`{json.dumps(default)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def kind(field: Json) -> str:
    """The type in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(kind(one) for one in field["anyOf"] if one != {"type": "null"})
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    return _of_type(field)


def _of_type(field: Json) -> str:
    name = field.get("type", "anything")
    if name == "array":
        return f"list of {kind(field.get('items', {}))}"
    if name == "object":
        return f"map to {kind(field.get('additionalProperties') or {})}"
    if name == "string":
        return str(field.get("format", "text"))
    return f"whole number{_range(field)}" if name == "integer" else str(name)


def _range(field: Json) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    return f", at least {low}" if low is not None else f", at most {high}" if high is not None else ""
