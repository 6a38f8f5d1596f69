"""Operations that earlier releases began go on with today's code, are put back by it, and are taken over by it."""

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from lambdas.engine.tasks import plan_json, plan_of
from lambdas.rows import Status
from rehearsal import releases, releases_command, scenarios
from rehearsal.fake_cloud import Snapshot, differences
from rehearsal.releases import Recording, Replay
from rehearsal.trials import golden_of
from saga.rules import KEPT, forgotten
from statemachines import ALL

AGAIN = "if its release is not out yet, record it again: python -m rehearsal record-release"
SAGAS = {saga.operation: saga for saga in ALL}
RECORDED = [(release, one) for release in releases.releases() for one in releases.recorded(release)]
each = pytest.mark.parametrize(
    "recording", [one for _, one in RECORDED], ids=[f"{release}-{one.scenario}" for release, one in RECORDED]
)


@cache
def done_today(scenario: str) -> Snapshot:
    return golden_of(scenarios.one(scenario)).after


@each
def test_a_plan_of_then_is_read_today(recording: Recording) -> None:
    saga = SAGAS[scenarios.one(recording.scenario).operation]

    parsed = plan_json(saga, plan_of(saga, recording.plan))

    assert {name: parsed[name] for name in recording.plan} == recording.plan, f"a plan only gains fields; {AGAIN}"


@each
def test_what_was_planned_then_is_done_today(recording: Recording) -> None:
    replay = Replay(recording)

    result = replay.onward()

    assert result.end == Status.SUCCEEDED, AGAIN
    assert differences(done_today(recording.scenario), replay.world.cloud.snapshot()) == []


@each
@pytest.mark.parametrize("how", ["cancelled", "interrupted"])
def test_what_was_begun_then_is_put_back_or_finished_today(recording: Recording, how: str) -> None:
    saga = SAGAS[scenarios.one(recording.scenario).operation]
    reversible = [one.name for one in saga.reversible]
    for moment in recording.midst:
        replay = Replay(recording)

        result = getattr(replay, how)(moment)

        back = moment.state in reversible
        wanted = replay.before if back else done_today(recording.scenario)
        assert result.end == (Status.ROLLED_BACK if back else Status.SUCCEEDED), f"{moment.state}; {AGAIN}"
        assert differences(wanted, replay.world.cloud.snapshot()) == []


def test_every_operation_is_recorded() -> None:
    now = {one.scenario for one in releases.newest(before="999")}

    assert now == {one.name for one in scenarios.named(scenarios.PLAIN)}, AGAIN


def test_every_release_that_is_out_is_recorded() -> None:
    assert set(releases_command.released()) <= set(releases.releases())
    assert releases_command.version() in releases.releases(), AGAIN


def test_what_executions_may_still_enter_is_known() -> None:
    """Those of a release run for 30 days after the next one is out."""
    known = releases.releases()
    out = releases_command.released()
    for release, following in zip(known, [*known[1:], ""], strict=True):
        if following in out and date.today() > out[following] + KEPT:
            continue
        for one in releases.recorded(release):
            saga = SAGAS[scenarios.one(one.scenario).operation]
            assert list(forgotten(saga, releases.entered(one.definition))) == [], f"{release}; {AGAIN}"


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    recordings = releases.newest(before="999")[:3]

    written = releases.write("1.0.0", recordings, tmp_path)

    assert [path.name for path in written] == [f"{one.scenario}.json" for one in recordings]
    assert sorted(releases.recorded("1.0.0", tmp_path), key=lambda one: one.scenario) == recordings


def test_what_has_not_changed_since_is_not_written_again(tmp_path: Path) -> None:
    first, second, third = releases.newest(before="999")[:3]
    releases.write("1.9.0", [first, second], tmp_path)
    changed = Recording(**(vars(second) | {"definition": second.definition | {"Comment": "changed"}}))

    written = releases.write("1.10.0", [first, changed, third], tmp_path)

    assert [path.stem for path in written] == [second.scenario, third.scenario]
    assert releases.newest(before="1.11.0", folder=tmp_path) == [first, changed, third]
    assert releases.newest(before="1.10.0", folder=tmp_path) == [first, second]


def test_a_release_that_is_out_is_not_recorded_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(releases_command, "released", lambda: {releases_command.version(): date(2026, 12, 1)})

    assert releases_command.record_release([]) == 2
    assert "is out, what was recorded of it stays" in capsys.readouterr().err


def test_a_release_is_out_once_the_change_log_has_its_date(tmp_path: Path) -> None:
    log = "## Unreleased\n\n## [0.2.0] - 2027-01-05\n\n## 0.1.0 - 2026-12-01\n\n## 0.0.9\n"
    (tmp_path / "CHANGELOG.md").write_text(log)

    assert releases_command.released(tmp_path) == {"0.2.0": date(2027, 1, 5), "0.1.0": date(2026, 12, 1)}
