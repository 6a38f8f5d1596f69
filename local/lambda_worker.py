"""One execution environment of a function: imports its handler, then answers one event per line.

Runs in a process of its own with the function's environment and knows nothing of the rest of `local`.
Lines on standard input are invocations; lines on the descriptor in `_EMBEDDED_ANSWERS` are logs and answers.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

Handler = Callable[[Any, Any], Any]


class InitError(Exception):
    """The handler cannot be had; `kind` is Lambda's own name for the reason."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.described = {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": trace or []}


class Channel:
    def __init__(self, descriptor: int) -> None:
        self._out = os.fdopen(descriptor, "wb", buffering=0)

    def send(self, **message: object) -> None:
        self._out.write(json.dumps(message).encode() + b"\n")


class LogStream(io.TextIOBase):
    """What the handler prints leaves at once, so that nothing is lost when the process is killed."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pending = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        lines = (self._pending + text).split("\n")
        self._pending = lines.pop()
        if lines:
            self._channel.send(log=lines)
        return len(text)

    def flush_rest(self) -> None:
        if self._pending:
            self.write("\n")


class Context:
    """The context object of Lambda's Python runtime."""

    def __init__(self, invocation: dict[str, Any]) -> None:
        self.aws_request_id: str = invocation["id"]
        self.invoked_function_arn: str = invocation["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.client_context = None
        self.tenant_id = None
        self._ends = time.monotonic() + invocation["seconds"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(1000 * (self._ends - time.monotonic())))


def load_handler(name: str) -> Handler:
    module_name, _, function = name.replace("/", ".").rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise InitError("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        raise InitError("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}") from error
    except Exception as error:
        raise InitError(type(error).__name__, str(error), traceback.format_tb(error.__traceback__)) from error
    handler: Handler | None = getattr(module, function, None)
    if handler is None:
        raise InitError("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return handler


def answered(handler: Handler, invocation: dict[str, Any]) -> tuple[str, bool]:
    """The answer as JSON text, and whether it is an error."""
    try:
        result = handler(invocation["event"], Context(invocation))
    except Exception as error:  # noqa: BLE001  every exception of a handler becomes Lambda's error object
        trace = traceback.format_tb(error.__traceback__)[1:]
        return _error(type(error).__name__, str(error), invocation["id"], trace), True
    try:
        return json.dumps(result), False
    except (TypeError, ValueError) as error:
        return _error("Runtime.MarshalError", f"Unable to marshal response: {error}", invocation["id"], []), True


def _error(kind: str, message: str, request: str, trace: list[str]) -> str:
    return json.dumps({"errorMessage": message, "errorType": kind, "requestId": request, "stackTrace": trace})


def serve() -> None:
    invocations = os.fdopen(os.dup(0), "rb")
    channel = Channel(int(os.environ.pop("_EMBEDDED_ANSWERS")))
    logs = LogStream(channel)
    with contextlib.redirect_stdout(logs), contextlib.redirect_stderr(logs):
        try:
            handler = load_handler(os.environ["_HANDLER"])
        except InitError as error:
            channel.send(init=error.described)
            sys.exit(1)
        channel.send(init=None)
        for line in invocations:
            invocation = json.loads(line)
            os.environ["_X_AMZN_TRACE_ID"] = invocation["trace"]
            body, failed = answered(handler, invocation)
            logs.flush_rest()
            channel.send(body=body, failed=failed)


if __name__ == "__main__":
    serve()
