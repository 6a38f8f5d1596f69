"""What a caller can ask next, with what an answer told: the links of the OpenAPI document.

https://spec.openapis.org/oas/v3.1.0#link-object
"""

from collections.abc import Mapping
from typing import Any

Links = dict[str, Any]
SUBMIT, TASK = "POST /operations/{type}", "POST /ops"
"""Of each operation type, and of each of Clouddriver's ways to submit."""
_GUARD = {name: f"$request.path.{name}" for name in ("account", "region", "kind", "name")}
_HELD = {name: f"$response.body#/guards/0/{name}" for name in ("account", "region", "kind", "name")}


def _to(method: str, path: str, parameters: Mapping[str, str], description: str) -> Links:
    escaped = path.replace("/", "~1")
    return {"operationRef": f"#/paths/{escaped}/{method}", "parameters": dict(parameters), "description": description}


def _of_an_operation(where: str) -> Links:
    one, path = {"operation": where}, "/operations/{operation}"
    return {
        "see": _to("get", path, one, "How it stands."),
        "signal": _to("post", f"{path}/signals", one, "Cancel, pause, resume it, or decide what is held."),
        "events": _to("get", f"{path}/events", one, "What was told of it."),
        "evidence": _to("get", f"{path}/evidence", one, "Why it failed, as the cloud told it."),
        "deliveries": _to("get", f"{path}/deliveries", one, "Who was told of it."),
    }


def _of_a_receiver(sort: str) -> Links:
    one, path = (
        {name: f"$request.path.{name}" for name in ("application", "name")},
        f"/applications/{{application}}/{sort}/{{name}}",
    )
    return {
        "see": _to("get", path, one, "As it is configured."),
        "remove": _to("delete", path, one, "Tell it nothing more."),
    }


_TASK = {"task": "$response.body#/id"}
_LOCK = "/guards/{account}/{region}/{kind}/{name}"
_ALL: Mapping[str, Links] = {
    SUBMIT: _of_an_operation("$response.body#/id"),
    "GET /operations": _of_an_operation("$response.body#/operations/0/id"),
    TASK: {
        "task": _to("get", "/task/{task}", _TASK, "How it stands, in Clouddriver's words."),
        "resume": _to("post", "/task/{task}:resume", _TASK, "Try a parked step once more."),
        "see": _to(
            "get", "/operations/{operation}", {"operation": "$response.body#/id"}, "The same in Windlass's words."
        ),
    },
    "PUT /freezes/{name}": {
        "remove": _to("delete", "/freezes/{name}", {"name": "$request.path.name"}, "Let all begin again.")
    },
    "PUT /applications/{application}/webhooks/{name}": _of_a_receiver("webhooks"),
    "PUT /applications/{application}/notifications/{name}": _of_a_receiver("notifications"),
    f"PUT {_LOCK}/lock": {
        "unlock": _to("delete", f"{_LOCK}/lock", _GUARD, "Take the lock off."),
        "see": _to("get", _LOCK, _GUARD, "Who has it, and who waits."),
    },
    "GET /guards": {
        "see": _to("get", _LOCK, _HELD, "Who has it, and who waits."),
        "release": _to("post", f"{_LOCK}/release", _HELD, "Take it from the operation that has it.")
        | {"requestBody": {"operation": "$response.body#/guards/0/owner/operation", "reason": "it is stuck"}},
        "lock": _to("put", f"{_LOCK}/lock", _HELD, "Keep all others from it."),
    },
    "GET /operations/{operation}/deliveries": {
        "redeliver": _to(
            "post",
            "/operations/{operation}/deliveries/{delivery}/redeliver",
            {"operation": "$request.path.operation", "delivery": "$response.body#/deliveries/0/name"},
            "Try it once more.",
        )
    },
}


def links_of(method: str, path: str) -> Links:
    """Those of a route's usual answer, by the route's path as it is registered; empty where it leads nowhere."""
    return _ALL.get(f"{method} {path.replace('<', '{').replace('>', '}')}", {})


def links_of_submitting(door: str) -> Links:
    """Those of the answer to `SUBMIT` or `TASK`."""
    return _ALL[door]
