"""What the contract suites run against."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from lambdas.calls import CALLS, of_nouns
from tests.contract import worlds
from tests.contract.recording import REGION, Recorder, recorders
from tests.contract.worlds import World


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Fails a test whose adapters make a call that `lambdas.calls` does not know."""
    recorder = Recorder()
    recorders.append(recorder)
    yield recorder
    recorders.remove(recorder)
    assert recorder.calls <= {*CALLS, *of_nouns()}


@pytest.fixture
def aws(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """An empty AWS in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # moto's own thousand images are most of the suite's time, and none of them is ours.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws():
        yield recorder


@pytest.fixture(params=["aws", "fake"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same small Region, on moto and in the fake cloud."""
    if request.param == "fake":
        return worlds.of_fake()
    request.getfixturevalue("aws")
    return worlds.of_aws(monkeypatch)
