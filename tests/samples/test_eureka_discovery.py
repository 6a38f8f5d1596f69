"""The sample that plays service discovery: the contract that any such class has to keep, and operations over it."""

import json
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from lambdas.cloud.discovery import OUT_OF_SERVICE, UP, Discovery
from lambdas.errors import Transient
from lambdas.nouns import adapted
from lambdas.rows import Status
from local.stage import ROOT
from rehearsal.clock import Clock
from rehearsal.discovery_contract import FIRST, DiscoveryContract
from rehearsal.fake_cloud import FakeCloud, Manners, discovery
from rehearsal.fake_cloud.port import PLAYED, Port, call
from rehearsal.scenarios.discovery import DISABLES, ENABLES
from rehearsal.scenarios.region import OUR_INSTANCES

SAMPLE = ROOT / "samples" / "eureka_discovery"


class Registry(ThreadingHTTPServer):
    """As much of Eureka as instances and operators see of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.own: dict[str, str] = {}
        """What instances say of themselves."""
        self.overrides: dict[str, str] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v2"

    def status(self, instance: str) -> str:
        return self.overrides.get(instance) or self.own[instance]


class _Answers(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        instance = self.path.rpartition("/")[2]
        if instance not in self.server.own:
            return self._say(404)
        return self._say(200, {"instance": {"app": "SHOP", "status": self.server.status(instance)}})

    def do_PUT(self) -> None:
        self._overridden(urlsplit(self.path).query.partition("=")[2])

    def do_DELETE(self) -> None:
        self._overridden("")

    def _overridden(self, status: str) -> None:
        instance = urlsplit(self.path).path.split("/")[-2]
        if instance not in self.server.own or "/apps/SHOP/" not in self.path:
            return self._say(404)
        self.server.overrides[instance] = status
        return self._say(200)

    def _say(self, status: int, body: Any = None) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.syspath_prepend(SAMPLE)
    with Registry() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    for name in [name for name in sys.modules if name.partition(".")[0] == "eureka"]:
        del sys.modules[name]


def eureka(address: str) -> Discovery:
    """As an account's row makes it."""
    return adapted({}, {"discovery": f"eureka.adapter:Eureka@{address}"}).of(Discovery)


class TestEureka(DiscoveryContract):
    @pytest.fixture(autouse=True)
    def _served(self, registry: Registry) -> None:
        self._registry = registry

    def played(self) -> Discovery:
        return eureka(self._registry.address)

    def register(self, instance: str, status: str) -> None:
        self._registry.own[instance] = status

    def test_a_registry_that_does_not_answer_may_do_so_later(self) -> None:
        self._registry.server_close()

        with pytest.raises(Transient, match="Eureka does not answer"):
            self.played().statuses([FIRST])


class TestTheFake(DiscoveryContract):
    """What operations are rehearsed on keeps the same contract."""

    def played(self) -> Discovery:
        cloud = FakeCloud(Clock(), Manners())
        self._place = cloud.place("prod", "us-east-1")
        return cloud.cloud("prod", "us-east-1").of(Discovery)

    def register(self, instance: str, status: str) -> None:
        discovery.registered(self._place, instance, status)


def test_operations_take_instances_out_of_it_and_put_them_back(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = eureka(registry.address)

    class Played(Port):
        """The sample in the place of the fake, over HTTP."""

        @call
        def statuses(self, instances: Sequence[str]) -> dict[str, str]:
            return adapter.statuses(instances)

        @call
        def put(self, instance: str, status: str) -> None:
            adapter.put(instance, status)

    players: dict[Any, Any] = PLAYED
    monkeypatch.setitem(players, Discovery, Played)
    registry.own |= dict.fromkeys(OUR_INSTANCES, UP)
    world = DISABLES.world()

    out = world.run(world.submit(DISABLES.operation, DISABLES.request))
    assert out.path == ["Guard", "Plan", "Recovering", "SetStatus", "Finish", "Succeeded"]
    assert {one: registry.status(one) for one in OUR_INSTANCES} == dict.fromkeys(OUR_INSTANCES, OUT_OF_SERVICE)

    again = world.run(world.submit(ENABLES.operation, ENABLES.request, key="again"))
    assert again.control.status is Status.SUCCEEDED
    assert {one: registry.status(one) for one in OUR_INSTANCES} == dict.fromkeys(OUR_INSTANCES, UP)
