"""Runs deployed function versions in warm processes of their own: a pool for each version."""

from __future__ import annotations

import concurrent.futures
import hashlib
import io
import itertools
import re
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from local.lambda_process import FunctionVersion, Invocation, LogSink, Worker


class LambdaHost:
    def __init__(self, endpoint: str, *, workers_per_function: int, log: LogSink) -> None:
        self._endpoint = endpoint
        self._limit = workers_per_function
        self._log = log
        self._root = Path(tempfile.mkdtemp(prefix="windlass-lambda-"))
        self._pools: dict[tuple[object, ...], _Pool] = {}
        self._alive: dict[str, Worker] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def invoke(self, version: FunctionVersion, payload: str, *, arn: str = "", trace: str = "") -> Invocation:
        """`arn` is the one the caller used, with its alias: it becomes the context's `invoked_function_arn`."""
        with self._pool(version).worker() as worker:
            return worker.invoke(payload, arn=arn or version.arn, trace=trace)

    def prewarm(self, versions: Iterable[FunctionVersion], count: int = 1) -> None:
        """Start processes and wait until their handlers are imported; one after another, as cores are few."""
        for version in versions:
            pool = self._pool(version)
            with concurrent.futures.ThreadPoolExecutor(count) as threads:
                concurrent.futures.wait([threads.submit(pool.warm) for _ in range(count)])

    def kill(self, worker: str) -> bool:
        """Kill the process of that worker now; False when there is none."""
        found = self._alive.get(worker)
        if found is not None:
            found.kill()
        return found is not None

    def function_of(self, worker: str) -> str:
        found = self._alive.get(worker)
        return found.version.name if found else ""

    def workers(self) -> dict[str, str]:
        return {name: worker.version.arn for name, worker in list(self._alive.items())}

    def retire(self, arn: str) -> None:
        """End the processes of a function or version that was deleted, the busy ones when they are done."""
        with self._lock:
            gone = [key for key, pool in self._pools.items() if f"{pool.version.arn}:".startswith(f"{arn}:")]
            pools = [self._pools.pop(key) for key in gone]
        for pool in pools:
            pool.close()

    def close(self) -> None:
        for worker in list(self._alive.values()):
            worker.kill()
        shutil.rmtree(self._root, ignore_errors=True)

    def _pool(self, version: FunctionVersion) -> _Pool:
        with self._lock:
            pool = self._pools.get(version.key)
            if pool is None:
                pool = self._pools[version.key] = _Pool(version, self._limit, self._spawn)
                outdated = [p for p in self._pools.values() if p.version.arn == version.arn and p is not pool]
                self._pools = {key: p for key, p in self._pools.items() if p not in outdated}
            else:
                return pool
        for old in outdated:
            old.close()
        return pool

    def _spawn(self, version: FunctionVersion) -> Worker:
        name = f"{re.sub('[^A-Za-z0-9]', '', version.name)[-30:]}-{next(self._numbers)}"
        worker = Worker(
            name,
            version=version,
            code=self._unpacked(version),
            endpoint=self._endpoint,
            log=self._log,
            forget=self._forget,
        )
        self._alive[name] = worker
        return worker

    def _forget(self, name: str) -> None:
        self._alive.pop(name, None)

    def _unpacked(self, version: FunctionVersion) -> Path:
        folder = self._root / hashlib.sha256(version.digest.encode()).hexdigest()[:16]
        with self._lock:
            if not folder.exists():
                zipfile.ZipFile(io.BytesIO(version.code)).extractall(folder)
        return folder


class _Pool:
    """Processes of one function version; as many at a time as the limit says, the last one used first."""

    def __init__(self, version: FunctionVersion, limit: int, spawn: Callable[[FunctionVersion], Worker]) -> None:
        self.version = version
        self._spawn = spawn
        self._idle: list[Worker] = []
        self._places = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._closed = False

    def worker(self) -> _Lease:
        return _Lease(self)

    def take(self) -> Worker:
        self._places.acquire()
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.usable:
                    return worker
                worker.close()
        try:
            return self._spawn(self.version)
        except BaseException:
            self._places.release()
            raise

    def give_back(self, worker: Worker) -> None:
        with self._lock:
            keep = worker.usable and not self._closed
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.close()
        self._places.release()

    def warm(self) -> None:
        with self.worker() as worker:
            worker.initialise()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()


class _Lease:
    def __init__(self, pool: _Pool) -> None:
        self._pool = pool

    def __enter__(self) -> Worker:
        self._worker = self._pool.take()
        return self._worker

    def __exit__(self, *_: object) -> None:
        self._pool.give_back(self._worker)
