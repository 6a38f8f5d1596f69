"""The embedded AWS as a server: `python -m local.server --port 5566 --api-port 8080`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from local import (
    api_gateway,
    auto_scaling,
    cloudformation,
    composite_alarms,
    event_bus,
    event_sources,
    functions,
    images,
    launch_templates,
    load_balancers,
    queues,
    step_functions,
    streams,
    tables,
    template_versions,
    trust,
    zones,
)
from local.api_gateway import RestApiHost
from local.calls import CallLog
from local.clients import ENGINE_CALLS, Clients
from local.event_bus import EventBus
from local.faults import Faults
from local.fleet import Fleet
from local.functions import Functions
from local.gate import Control, Gate
from local.settings import Settings

HOST = "127.0.0.1"


@dataclass
class EmbeddedAws:
    """A running server; `stop` ends it and every process it started."""

    settings: Settings
    functions: Functions
    faults: Faults
    calls: CallLog
    rest_api: RestApiHost
    server: BaseWSGIServer
    api_servers: tuple[ThreadingHTTPServer, ...]

    @property
    def endpoint(self) -> str:
        return self.settings.endpoint

    def stop(self) -> None:
        self.server.shutdown()
        for one in self.api_servers:
            one.shutdown()
        self.functions.host.close()


def start(settings: Settings) -> EmbeddedAws:
    """Start in this process. moto keeps its state in globals: there can be only one, and not after another."""
    _configure(settings)
    clients, log, faults = Clients(settings.endpoint), CallLog(), Faults()
    lambdas = Functions(settings)
    bus = EventBus(settings, clients, lambdas)
    fleet = Fleet(settings, bus)
    _install(settings, clients, lambdas, bus)
    auto_scaling.install(fleet, settings)
    bus.start()
    fleet.start()
    rest_api = RestApiHost(lambdas, settings.region)
    control = Control(settings, lambdas, faults, log, fleet)
    gate = Gate(DomainDispatcherApplication(create_backend_app), lambdas, faults, log, control)
    server = _listen(gate, settings.port)
    return EmbeddedAws(settings, lambdas, faults, log, rest_api, server, tuple(_doors(rest_api, settings)))


def _doors(api: RestApiHost, settings: Settings) -> Iterator[ThreadingHTTPServer]:
    for port, region in ((settings.api_port, ""), (settings.domain_port, settings.region)):
        if port is not None:
            yield api_gateway.listen(api, host=settings.api_host, port=port, domains_of=region)


def _install(settings: Settings, clients: Clients, lambdas: Functions, bus: EventBus) -> None:
    zones.install()
    trust.install()
    functions.install(lambdas)
    queues.install()
    streams.install()
    tables.install()
    event_sources.install(lambdas)
    event_bus.install(bus)
    load_balancers.install(settings.healthy_after)
    launch_templates.install()
    template_versions.install()
    images.install()
    composite_alarms.install()
    step_functions.install(Clients(settings.endpoint, ENGINE_CALLS), bus)
    cloudformation.install(clients)


def _configure(settings: Settings) -> None:
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    # Where moto's own engine finds the services that its Tasks call.
    os.environ["MOTO_PORT"] = str(settings.port)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


class _RequestHandler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True


def _listen(app: Any, port: int) -> BaseWSGIServer:
    server = make_server(HOST, port, app, threaded=True, request_handler=_RequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True, name="embedded-aws").start()
    return server


def _settings() -> Settings:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5566, help="of the AWS endpoint")
    parser.add_argument("--api-port", type=int, help="of the deployed REST API; not served without it")
    parser.add_argument("--domain-port", type=int, help="of custom domain names, over TLS; not served without it")
    parser.add_argument("--healthy-after", type=float, default=2, metavar="SECONDS")
    parser.add_argument("--deleted-after", type=float, default=1, metavar="SECONDS", help="of a group's deletion")
    parser.add_argument("--minute", type=float, default=60, metavar="SECONDS", help="of schedule expressions")
    parser.add_argument("--retry-after", type=float, default=1, metavar="SECONDS", help="of asynchronous invocations")
    parser.add_argument("--workers", type=int, default=4, help="concurrent executions of one function version")
    parser.add_argument("--log-folder", type=Path, help="where each function's log is written too")
    given = parser.parse_args()
    return Settings(
        port=given.port,
        api_port=given.api_port,
        domain_port=given.domain_port,
        healthy_after=timedelta(seconds=given.healthy_after),
        deleted_after=timedelta(seconds=given.deleted_after),
        async_retry_delays=(timedelta(seconds=given.retry_after), timedelta(seconds=2 * given.retry_after)),
        minute=timedelta(seconds=given.minute),
        workers_per_function=given.workers,
        log_folder=given.log_folder,
    )


def main() -> None:
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    parent = os.getppid()
    running = start(_settings())
    print(f"embedded AWS on {running.endpoint}", flush=True)
    # Whoever started it may be killed without a chance to stop it.
    while not done.wait(1) and os.getppid() == parent:
        pass
    running.stop()
    # Threads that still wait for a function or a token would keep the process alive.
    os._exit(0)


if __name__ == "__main__":
    main()
