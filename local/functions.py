"""Lambda's API on the Lambda host: invocation by version and alias, asynchronous retries, versions that stay unique."""

from __future__ import annotations

import contextlib
import copy
import json
import threading
import time
from datetime import timedelta
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction, LambdaStorage, lambda_backends
from moto.logs.models import logs_backends
from moto.sts.models import sts_backends

from local.lambda_host import LambdaHost
from local.lambda_process import Credentials, FunctionVersion, Invocation
from local.patches import replace
from local.settings import ACCOUNT, Settings

Json = dict[str, Any]


class TooManyRequestsError(LambdaClientError):
    code = 429

    def __init__(self) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")


class Functions:
    """What the other parts of the embedded AWS see of Lambda."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials: dict[str, Credentials] = {}
        self._streams: set[str] = set()
        self._lock = threading.Lock()
        self.host = LambdaHost(
            settings.endpoint, workers_per_function=settings.workers_per_function, log=self._write_log
        )

    def invoke(self, arn: str, payload: str, *, trace: str = "") -> Invocation:
        """Invoke what the ARN names: a function, one of its versions or an alias."""
        region = arn.split(":")[3]
        function = lambda_backends[ACCOUNT][region].get_function(arn, None)
        return self.run(function, payload, arn=arn, trace=trace)

    def run(self, function: LambdaFunction, payload: str, *, arn: str, trace: str = "") -> Invocation:
        # moto notes it with the unpublished function alone; it counts for all of its versions.
        if lambda_backends[ACCOUNT][function.region].get_function(function.function_name).reserved_concurrency == 0:
            raise TooManyRequestsError
        return self.host.invoke(self.version_of(function), payload, arn=arn, trace=trace)

    def invoke_later(self, function: LambdaFunction, payload: str, *, arn: str) -> None:
        """Lambda's asynchronous invocation: accepted now, retried twice when it fails, then given up."""

        def attempts() -> None:
            for delay in (timedelta(), *self._settings.async_retry_delays):
                time.sleep(delay.total_seconds())
                with contextlib.suppress(TooManyRequestsError):
                    if self.run(function, payload, arn=arn).error is None:
                        return

        threading.Thread(target=attempts, daemon=True, name=f"async {function.function_name}").start()

    def prewarm(self, count: int = 1) -> list[str]:
        """Start processes for what aliases point to, or for the latest version of functions without an alias."""
        functions = [f for f in self._aliased() if f.package_type == "Zip"]
        self.host.prewarm([self.version_of(f) for f in functions], count)
        return [f.function_arn for f in functions]

    def _aliased(self) -> list[LambdaFunction]:
        found: dict[str, LambdaFunction] = {}
        for backend in lambda_backends[ACCOUNT].values():
            for latest in backend.list_functions():
                versions = [alias.function_version for alias in backend.list_aliases(latest.function_name)]
                for version in versions or ["$LATEST"]:
                    function = backend.get_function(latest.function_name, version)
                    found[function.function_arn] = function
        return list(found.values())

    def version_of(self, function: LambdaFunction) -> FunctionVersion:
        published = function.function_arn.count(":") == 7
        return FunctionVersion(
            arn=function.function_arn,
            name=function.function_name,
            version=str(function.version) if published else "$LATEST",
            region=function.region,
            handler=str(function.handler),
            runtime=str(function.run_time),
            memory=int(function.memory_size),
            timeout=timedelta(seconds=int(function.timeout)),
            log_group=function.logs_group_name,
            environment=tuple(sorted((k, str(v)) for k, v in function.environment_vars.items())),
            digest=function.code_sha_256,
            code=function.code_bytes,
            credentials=self._credentials_of(function.role, function.function_name),
        )

    def _credentials_of(self, role: str, name: str) -> Credentials:
        """Keys of a session of the function's own role, so that a call shows whose it is."""
        with self._lock:
            if role not in self._credentials:
                session = sts_backends[ACCOUNT]["aws"].assume_role(
                    region_name=self._settings.region,
                    role_session_name=name,
                    role_arn=role,
                    policy="",
                    duration=3600,
                    external_id="",
                )
                self._credentials[role] = Credentials(
                    session.access_key_id, session.secret_access_key, session.session_token
                )
            return self._credentials[role]

    def _write_log(self, version: FunctionVersion, stream: str, lines: list[str]) -> None:
        backend = logs_backends[ACCOUNT][version.region]
        with self._lock:
            if stream not in self._streams:
                backend.ensure_log_group(version.log_group)
                backend.create_log_stream(version.log_group, stream)
                self._streams.add(stream)
        now = int(time.time() * 1000)
        backend.put_log_events(version.log_group, stream, [{"timestamp": now, "message": line} for line in lines])
        self._write_file(version, lines)

    def _write_file(self, version: FunctionVersion, lines: list[str]) -> None:
        folder = self._settings.log_folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / f"{version.name}.log").open("a") as file:
                file.write("".join(f"{line}\n" for line in lines))


def install(functions: Functions) -> None:
    """Make moto's Lambda use the host."""

    def invoke(
        backend: LambdaBackend, function_name: str, qualifier: str | None, body: Any, headers: Any, answer: Any
    ) -> bytes:
        function = backend.get_function(function_name, qualifier)
        arn = _called_arn(function, function_name, qualifier)
        kind = headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return b""
        text = body.decode() if isinstance(body, bytes) else str(body or "{}")
        if kind == "Event":
            functions.invoke_later(function, text, arn=arn)
            return b""
        done = functions.run(function, text, arn=arn, trace=headers.get("X-Amzn-Trace-Id", ""))
        answer["x-amz-executed-version"] = functions.version_of(function).version
        if done.error:
            answer["x-amz-function-error"] = done.error
        return done.payload.encode()

    def invoke_lambda(function: LambdaFunction, event: Any = None) -> tuple[str, bool, str]:
        done = functions.run(function, json.dumps(event or {}), arn=function.function_arn)
        return done.payload, done.error is not None, done.log

    replace(LambdaBackend, invoke=invoke)
    replace(LambdaFunction, _invoke_lambda=invoke_lambda)
    _log_where_told()
    _keep_version_numbers_unique()
    _retire_processes(functions)


def _called_arn(function: LambdaFunction, name: str, qualifier: str | None) -> str:
    latest = ":".join(function.function_arn.split(":")[:7])
    in_name = name.split(":")[7:] if name.startswith("arn:") else name.split(":")[1:]
    qualifier = qualifier or (in_name[0] if in_name else None)
    return f"{latest}:{qualifier}" if qualifier else latest


def _log_where_told() -> None:
    """moto knows no other log group than the default one."""
    made, configured = LambdaFunction.__init__, LambdaFunction.update_configuration

    def init(function: Any, account_id: str, spec: Json, *arguments: Any, **options: Any) -> None:
        made(function, account_id, spec, *arguments, **options)
        function.logs_group_name = _log_group(spec, function.logs_group_name)

    def update_configuration(function: LambdaFunction, config_updates: Json) -> Json:
        function.logs_group_name = _log_group(config_updates, function.logs_group_name)
        return configured(function, config_updates)

    replace(LambdaFunction, __init__=init, update_configuration=update_configuration)


def _log_group(spec: Json, default: str) -> str:
    return str((spec.get("LoggingConfig") or {}).get("LogGroup", default))


def _keep_version_numbers_unique() -> None:
    """moto numbers a version by counting those that are left, so that a deleted version's number would come again."""

    def publish_version(storage: LambdaStorage, name_or_arn: str, description: str = "") -> Any:
        latest: Any = storage.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        versions = storage._functions[latest.function_name]["versions"]
        if versions and not latest.code_or_config_updated:
            return versions[-1]
        latest.code_or_config_updated = False
        latest.last_version = getattr(latest, "last_version", 0) + 1
        version = copy.copy(latest)
        version.set_version(latest.last_version)
        version.description = description or version.description
        versions.append(version)
        storage._arns[version.function_arn] = version
        return version

    replace(LambdaStorage, publish_version=publish_version)


def _retire_processes(functions: Functions) -> None:
    deleted = LambdaBackend.delete_function

    def delete_function(backend: LambdaBackend, function_name: str, qualifier: str | None = None) -> None:
        arn = backend.get_function(function_name, qualifier).function_arn
        deleted(backend, function_name, qualifier)
        functions.host.retire(arn)

    replace(LambdaBackend, delete_function=delete_function)
