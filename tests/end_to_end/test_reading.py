"""What is read over HTTP: pages, documentation, and operations without a call of Step Functions."""

import time

import pytest

from tests.end_to_end.live import Live, creation, plays

pytestmark = pytest.mark.xdist_group("embedded")


@pytest.mark.parametrize(
    ("path", "kind", "holds"),
    [
        ("/", "text/html", "<title>Windlass"),
        ("/docs", "text/html", "swagger"),
        ("/openapi.json", "application/json", '"openapi"'),
    ],
)
def test_pages_are_served(path: str, kind: str, holds: str, live: Live) -> None:
    got = live.ask("GET", path)

    assert got.status == 200, got.text
    assert got.headers["Content-Type"].startswith(kind)
    assert holds in got.text


def smallest(live: Live) -> str:
    return str(live.run("createServerGroup", creation("smallest", capacity={"min": 0, "desired": 0, "max": 0}))["id"])


@plays([smallest])
def test_reading_an_operation_calls_no_step_functions(played: str, quiet: Live) -> None:
    began = time.time()

    quiet.view(played)
    quiet.task(played)

    calls = quiet.calls("Api", began)
    assert "dynamodb:GetItem" in calls
    assert not [one for one in calls if one.startswith("states:")]
