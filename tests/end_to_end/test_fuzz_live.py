"""Three hundred requests from the deployed API's own OpenAPI document, over HTTP: `make fuzz-live`, minutes of it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from local.client import OVER, Json
from rehearsal.fuzz.asked import NO_BODY, Asked
from rehearsal.fuzz.caller import Fuzzer
from rehearsal.fuzz.document import Document
from rehearsal.fuzz.rows import orphans
from rehearsal.fuzz.tally import Tally
from rehearsal.fuzz.words import Words
from rehearsal.gateway import Answered
from statemachines import ALL
from tests.end_to_end.live import Live, eventually, plays

if "FUZZ_LIVE" not in os.environ:  # a scene of a test that is only marked would be played all the same
    pytest.skip("make fuzz-live", allow_module_level=True)

pytestmark = pytest.mark.xdist_group("embedded")

WHERE = {"account": "fuzzed", "region": "eu-central-1"}
"""An account and a Region of its own: nothing of the other scenes' is there."""
REQUESTS = 300
NOT_THERE = {"disableInstancesInDiscovery", "enableInstancesInDiscovery", "allowLaunch"}
"""No account there has a service discovery, and no other one that Region."""
FREEZE, LOCK = "/freezes/{name}", "/guards/{account}/{region}/{kind}/{name}/lock"


@dataclass
class Wire:
    """HTTP, and what came of it."""

    live: Live
    tally: Tally
    barriers: list[Asked] = field(default_factory=list)

    def send(self, asked: Asked) -> Answered:
        asked = _of_our_own(asked)
        got = self._sent(asked)
        self.tally.note(asked, got)
        if asked.method == "PUT" and asked.template in (FREEZE, LOCK) and got.status == 200:
            self.barriers.append(replace(asked, method="DELETE", body=NO_BODY, raw=None))
            self.tidy()
        return got

    def tidy(self) -> None:
        """What bars all others is taken away at once."""
        while self.barriers:
            self._sent(self.barriers.pop())

    def _sent(self, asked: Asked) -> Answered:
        got = self.live.ask(asked.method, asked.target, asked.text, **asked.sent_headers)
        return Answered(got.status, {_titled(name): value for name, value in got.headers.items()}, got.text)


def fuzzing(live: Live) -> tuple[Tally, list[str], Mapping[str, Json]]:
    """The tally, what became orphaned, and how the operations ended."""
    document = Document(live.ask("GET", "/openapi.json").json)
    tally = Tally(document)
    wire = Wire(live, tally)
    fuzzer = Fuzzer(document, wire.send, Words(WHERE), seed=6)
    fuzzer.as_known()
    fuzzer.each_alone(1)
    fuzzer.in_stories(REQUESTS - tally.requests)
    ended = {one: _ended(live, one) for one in _operations(live, tally)}
    return tally, _orphaned(live, tally), ended


@plays([fuzzing])
def test_three_hundred_requests_find_nothing_wrong(played: tuple[Tally, list[str], Mapping[str, Json]]) -> None:
    tally, orphaned, ended = played

    assert tally.requests >= REQUESTS
    assert tally.wrong({saga.operation for saga in ALL} - NOT_THERE) == []
    assert orphaned == []
    assert {one["status"] for one in ended.values()} <= set(OVER)


def _of_our_own(asked: Asked) -> Asked:
    """A freeze would keep all other scenes from beginning: it covers the one account that is fuzzed. Who asks for a dry
    run waits for a function's cold start, which a busy machine makes longer than the API's patience: in process alone.
    """
    asked = replace(asked, query={name: one for name, one in asked.query.items() if name != "dryRun"})
    if asked.method == "PUT" and asked.template == FREEZE and isinstance(asked.body, dict) and asked.raw is None:
        return replace(asked, body={**asked.body, "scope": {"accounts": [WHERE["account"]]}})
    return asked


def _operations(live: Live, tally: Tally) -> Iterator[str]:
    rows = [row for row in live.rows.all() if row["sk"] == "control"]
    yield from (row["id"] for row in rows if not tally.operations.isdisjoint({row["id"], row.get("batch")}))


def _ended(live: Live, operation: str) -> Json:
    """Cancelled, and given up where a person is asked."""
    live.ask("POST", f"/operations/{operation}/signals", {"signal": "cancel"})
    row = live.rows.of(operation)
    if row.get("step") in ("Hold", "HoldUndo"):
        live.ask("POST", f"/operations/{operation}/signals", {"signal": "decide", "decision": "abandon"})
    return eventually(lambda: _over(live, operation), pause=0.5)


def _over(live: Live, operation: str) -> Json:
    row = live.rows.of(operation)
    return row if row.get("status") in OVER else {}


def _orphaned(live: Live, tally: Tally) -> list[str]:
    """Of what this scene wrote: other scenes are at work beside it."""
    rows = [row for row in live.rows.all() if _is_ours(row, tally)]
    return orphans(rows, tally, now=0.0)


def _is_ours(row: Mapping[str, Any], tally: Tally) -> bool:
    pk = str(row["pk"])
    named = pk.removeprefix("op#").partition("-")[0]
    return pk.startswith(f"guard#{WHERE['account']}/") or (pk.startswith("op#") and named in tally.operations)


def _titled(header: str) -> str:
    return "-".join(part.capitalize() for part in header.split("-"))
