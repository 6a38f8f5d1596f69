from pathlib import Path

import pytest

from stacks.layer import STAMP, build, is_built, lock_hash


def test_a_built_layer_is_left_alone(tmp_path: Path) -> None:
    def install(target: Path) -> None:
        raise AssertionError("installed again")

    (tmp_path / STAMP).write_text(lock_hash())

    assert not build(tmp_path, install)


def test_a_layer_of_another_lock_is_built_from_nothing(tmp_path: Path) -> None:
    def install(target: Path) -> None:
        (target / "pydantic").mkdir(parents=True)

    (tmp_path / STAMP).write_text("of yesterday")
    (tmp_path / "python" / "left_over").mkdir(parents=True)

    assert build(tmp_path, install)
    assert is_built(tmp_path)
    assert [path.name for path in (tmp_path / "python").iterdir()] == ["pydantic"]


def test_a_build_that_failed_halfway_is_not_taken_for_built(tmp_path: Path) -> None:
    class Interrupted(Exception):
        pass

    def install(target: Path) -> None:
        target.mkdir(parents=True)
        raise Interrupted

    with pytest.raises(Interrupted):
        build(tmp_path, install)

    assert not is_built(tmp_path)


def test_what_names_this_machine_is_left_out(tmp_path: Path) -> None:
    def install(target: Path) -> None:
        (target / "bin").mkdir(parents=True)
        (target / "bin" / "jp.py").write_text("#!/home/someone/.venv/bin/python")
        (target / "jmespath-1.dist-info").mkdir()
        (target / "jmespath-1.dist-info" / "RECORD").write_text("../../bin/jp.py")
        (target / "jmespath-1.dist-info" / "METADATA").write_text("Name: jmespath")

    build(tmp_path, install)

    assert sorted(path.name for path in (tmp_path / "python").rglob("*") if path.is_file()) == ["METADATA"]
