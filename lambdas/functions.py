"""Our own functions on Lambda, called and waited for."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambdas import errors
from lambdas.error_codes import translating
from lambdas.errors import Broken, Transient, WindlassError
from lambdas.hub import Json

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CRASHES = ("Sandbox.", "Runtime.ExitError", "Runtime.Unknown", "Lambda.")
"""How Lambda calls the death of a function's process, by time-out, memory or its own fault."""


class LambdaFunctions:
    """`lambdas.hub.Functions`; `arns` finds a function's alias by our name of the function: `ServerGroups`."""

    def __init__(self, client: "LambdaClient", arns: Mapping[str, str]) -> None:
        self._client = client
        self._arns = arns

    def invoke(self, function: str, event: Json) -> Json:
        with translating("lambda", f"function {function}"):
            answer = self._client.invoke(FunctionName=self._arns[function], Payload=json.dumps(event).encode())
            payload: Json = json.loads(answer["Payload"].read() or b"{}")
        if answer.get("FunctionError"):
            raise _raised(function, payload)
        return payload

    def send(self, function: str, event: Json) -> None:
        with translating("lambda", f"function {function}"):
            self._client.invoke(
                FunctionName=self._arns[function], InvocationType="Event", Payload=json.dumps(event).encode()
            )


def _raised(function: str, payload: Json) -> WindlassError:
    """What the function raised. Only our own errors' messages are repeated: others may hold anything."""
    name, message = payload.get("errorType") or "", payload.get("errorMessage") or ""
    ours = getattr(errors, name, None)
    if isinstance(ours, type) and issubclass(ours, WindlassError):
        return ours(message)
    if not name or name.startswith(CRASHES):
        return Transient(f"function {function} did not answer ({name or 'no error named'})")
    return Broken(f"function {function} raised {name}")
