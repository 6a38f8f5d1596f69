"""One execution environment of a function version, and Lambda's words for each way in which it can end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("lambda_worker.py")
INIT_SECONDS = 60.0
_PASSED_ON = ("PATH", "LANG", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str
    session_token: str


@dataclass(frozen=True, kw_only=True)
class FunctionVersion:
    """Everything of a published (or latest) version that a process is made from."""

    arn: str
    name: str
    version: str
    region: str
    handler: str
    runtime: str
    memory: int
    timeout: timedelta
    log_group: str
    environment: tuple[tuple[str, str], ...]
    digest: str
    code: bytes = field(repr=False, compare=False)
    credentials: Credentials = field(repr=False, compare=False)

    @property
    def key(self) -> tuple[object, ...]:
        return self.arn, self.digest, self.handler, self.environment, self.timeout, self.memory


@dataclass(frozen=True)
class Invocation:
    request: str
    payload: str
    error: str | None = None
    """`Handled` errors do not exist for Python; a failed invocation is `Unhandled`."""
    log: str = ""


LogSink = Callable[[FunctionVersion, str, list[str]], None]


class _DiedError(Exception):
    """The process ended before it answered."""


class _TooLateError(Exception):
    """The function's time is over."""


class Worker:
    def __init__(
        self,
        name: str,
        *,
        version: FunctionVersion,
        code: Path,
        endpoint: str,
        log: LogSink,
        forget: Callable[[str], None],
    ) -> None:
        self.name = name
        self.version = version
        self.stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{version.version}]{uuid.uuid4().hex}"
        self._log_to = log
        self._forget = forget
        self._lines: list[str] = []
        self._pending = b""
        self._ready = False
        self._init_error: dict[str, object] | None = None
        self._process, self._answers = self._started(code, endpoint)

    @property
    def usable(self) -> bool:
        return self._process.poll() is None and self._init_error is None

    def invoke(self, payload: str, *, arn: str, trace: str) -> Invocation:
        request = str(uuid.uuid4())
        self._lines = []
        try:
            self.initialise()
            if self._init_error is not None:
                return self._failed(request, json.dumps(self._init_error))
            return self._answer(request, payload, arn=arn, trace=trace)
        except _TooLateError:
            self.kill()
            seconds = self.version.timeout.total_seconds()
            return self._stopped(request, "Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
        except (_DiedError, BrokenPipeError):
            return self._stopped(request, "Runtime.ExitError", self._last_words())
        finally:
            self._write_log(request)

    def initialise(self) -> None:
        """Wait for the import of the handler, which does not count against the function's time."""
        if self._ready:
            return
        try:
            answer = self._next_answer(time.monotonic() + INIT_SECONDS)
        except _TooLateError as error:
            self.kill()
            raise _DiedError from error
        self._init_error = answer["init"]
        self._ready = True

    def kill(self) -> None:
        """When this returns the process is dead; any thread may call it."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """The end of a worker that nobody uses any more."""
        self.kill()
        self._forget(self.name)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        os.close(self._answers)

    def _started(self, code: Path, endpoint: str) -> tuple[subprocess.Popen[bytes], int]:
        reading, writing = os.pipe()
        process = subprocess.Popen(
            # -P: the worker's own folder must not be importable, its modules would shadow the function's.
            [sys.executable, "-P", "-u", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment(code, endpoint) | {"_EMBEDDED_ANSWERS": str(writing)},
            cwd=code,
            pass_fds=(writing,),
        )
        os.close(writing)
        os.set_blocking(reading, False)
        return process, reading

    def _environment(self, code: Path, endpoint: str) -> dict[str, str]:
        version, credentials = self.version, self.version.credentials
        own = {
            "_HANDLER": version.handler,
            "LAMBDA_TASK_ROOT": str(code),
            "PYTHONPATH": str(code),
            "TZ": ":UTC",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{version.runtime}",
            "AWS_REGION": version.region,
            "AWS_DEFAULT_REGION": version.region,
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            "AWS_SESSION_TOKEN": credentials.session_token,
            "AWS_LAMBDA_FUNCTION_NAME": version.name,
            "AWS_LAMBDA_FUNCTION_VERSION": version.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(version.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": version.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.stream,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            # Nothing of the developer's own AWS settings may reach a handler.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_SDK_UA_APP_ID": self.name,
        }
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return passed_on | own | dict(version.environment)

    def _answer(self, request: str, payload: str, *, arn: str, trace: str) -> Invocation:
        seconds = self.version.timeout.total_seconds()
        head = json.dumps({"id": request, "arn": arn, "seconds": seconds, "trace": trace})
        # A line break in valid JSON is only ever white space.
        event = (payload or "null").replace("\r", " ").replace("\n", " ")
        assert self._process.stdin is not None
        deadline = time.monotonic() + seconds
        self._process.stdin.write(f'{head[:-1]}, "event": {event}}}\n'.encode())
        self._process.stdin.flush()
        answer = self._next_answer(deadline)
        error = "Unhandled" if answer["failed"] else None
        return Invocation(request, str(answer["body"]), error, "\n".join(self._lines))

    def _next_answer(self, deadline: float) -> dict[str, Any]:
        while True:
            line, found, rest = self._pending.partition(b"\n")
            if not found:
                self._pending += self._read(deadline)
                continue
            self._pending = rest
            message: dict[str, Any] = json.loads(line)
            if "log" not in message:
                return message
            self._lines += message["log"]

    def _read(self, deadline: float) -> bytes:
        poller = select.poll()
        poller.register(self._answers, select.POLLIN)
        if not poller.poll(max(0, 1000 * (deadline - time.monotonic()))):
            raise _TooLateError
        got = os.read(self._answers, 1 << 20)
        if not got:
            raise _DiedError
        return got

    def _last_words(self) -> str:
        code = self._process.wait()
        if code < 0:
            return f"Error: Runtime exited with error: signal: {_signal(-code)}"
        if code == 0:
            return "Error: Runtime exited without providing a reason"
        return f"Error: Runtime exited with error: exit status {code}"

    def _stopped(self, request: str, kind: str, message: str) -> Invocation:
        text = f"RequestId: {request} {'' if message.startswith('Error: ') else 'Error: '}{message}"
        self._lines.append(text)
        return self._failed(request, json.dumps({"errorType": kind, "errorMessage": text}))

    def _failed(self, request: str, payload: str) -> Invocation:
        return Invocation(request, payload, "Unhandled", "\n".join(self._lines))

    def _write_log(self, request: str) -> None:
        version = self.version.version
        lines = [f"START RequestId: {request} Version: {version}", *self._lines, f"END RequestId: {request}"]
        self._log_to(self.version, self.stream, lines)


def _signal(number: int) -> str:
    names = {signal.SIGKILL: "killed", signal.SIGTERM: "terminated", signal.SIGSEGV: "segmentation fault"}
    return names.get(signal.Signals(number), signal.Signals(number).name)
