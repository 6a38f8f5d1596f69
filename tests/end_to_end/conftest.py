"""One embedded AWS with Windlass deployed for the whole session, in which all scenes are played at once."""

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from lambdas.accounts import Account
from local.settings import ACCOUNT
from local.stage import ROOT, deployed, seeded, serving, synthesise
from local.tags import ID
from tests.end_to_end.live import Live

ACCOUNTS = (
    Account("test", ACCOUNT, ("us-west-1", "us-east-1")),
    Account("aws-account1", ACCOUNT, ("us-west-1",)),
    Account("fuzzed", ACCOUNT, ("eu-central-1",)),
    *(Account(name, ACCOUNT, ("us-east-1",)) for name in ("credentials", "default", "fzlem")),
)
"""Those that recorded requests name."""
Scene = Callable[[Live], Any]
AT_ONCE = 10
"""Scenes: with all of them at once, on two cores beside the rest of the suite, some request waits longer than the 29
seconds that API Gateway does."""


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Live]:
    _of_one_worker(request.session)
    assembly, folder = ROOT / "cdk.out" / "local", tmp_path_factory.mktemp("embedded")
    synthesise(assembly)
    # Two processes a function: more of them cost more to start than they save.
    with serving(folder=folder, workers=2) as (endpoint, api):
        running = Live(seeded(deployed(assembly, endpoint, api), ACCOUNTS), folder / "functions")
        _recorded_image(running)
        yield running


@pytest.fixture(scope="session")
def playing(live: Live, request: pytest.FixtureRequest) -> Iterator[Mapping[Scene, Future[Any]]]:
    """The scenes of all tests chosen, several at a time: most of their time is waiting."""
    scenes = list(dict.fromkeys(_scenes(request.session)))
    with ThreadPoolExecutor(AT_ONCE) as stages:
        yield {scene: stages.submit(scene, live) for scene in scenes}


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def played(scene: Scene, playing: Mapping[Scene, Future[Any]]) -> Any:
    """The outcome of the test's scene."""
    return playing[scene].result()


@pytest.fixture
def quiet(live: Live, playing: Mapping[Scene, Future[Any]]) -> Live:
    """When every scene is over: nobody else calls or writes."""
    for scene in playing.values():
        scene.exception()
    return live


def _of_one_worker(session: pytest.Session) -> None:
    """Or each worker would deploy for itself and play all scenes again; xdist says nothing where it cannot group."""
    if session.config.getoption("loadgroup", default=False):
        marked = [item.nodeid for item in session.items if item.get_closest_marker("xdist_group")]
        assert all(re.search(r"@[^]]+$", name) for name in marked), f"not grouped: {marked[0]}"


def _scenes(session: pytest.Session) -> Iterator[Scene]:
    for item in session.items:
        called = getattr(item, "callspec", None)
        if called is not None and "scene" in called.params:
            yield called.params["scene"]


def _recorded_image(live: Live) -> None:
    """The image that Clouddriver's own requests name."""
    ec2 = live.aws("ec2", "us-west-1")
    made = ec2.register_image(Name="recorded", RootDeviceName="/dev/sda1")["ImageId"]
    ec2.create_tags(Resources=[made], Tags=[{"Key": ID, "Value": "ami-12345"}])
