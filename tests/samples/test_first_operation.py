"""`docs/your-first-operation.md`, followed word for word in an empty folder: what it shows is what comes out."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.stage import ROOT

PAGE = ROOT / "docs" / "your-first-operation.md"
SAMPLE = ROOT / "samples" / "pin_server_group"
BLOCK = re.compile(r"(?:<!-- (?P<do>[^\n]*) -->\n)?```(?P<kind>python|console|text)\n(?P<text>.*?)```\n", re.DOTALL)
ANYTHING = "…"


@dataclass(frozen=True)
class Block:
    """What the page has the reader write, or type."""

    do: str
    kind: str
    text: str


def blocks() -> Iterator[Block]:
    return (Block(one["do"] or "", one["kind"], one["text"]) for one in BLOCK.finditer(PAGE.read_text()))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    for block in blocks():
        _follow(block, folder)
    return folder


def _follow(block: Block, folder: Path) -> None:
    if block.kind == "console":
        for command, shown in _commands(block.text):
            assert _matches(shown, _output(command, folder)), command
    elif block.do.startswith("file: "):
        (folder / block.do.removeprefix("file: ")).write_text(block.text)
    else:
        _insert(folder / "pinning" / "pin_server_group.py", block)


def _insert(path: Path, block: Block) -> None:
    how, _, where = block.do.removeprefix("insert ").partition(": ")
    lines = path.read_text().splitlines(keepends=True)
    (at,) = (number for number, line in enumerate(lines) if line.strip().startswith(where))
    lines.insert(at + (how == "after"), block.text)
    path.write_text("".join(lines))


def _commands(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def _output(command: str, folder: Path) -> str:
    """As in a shell of the reader's: `uv` is at hand, nothing of ours is."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {
        "WINDLASS": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CDK_VALIDATION": "false",
        "COLUMNS": "200",
    }
    ran = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.stdout


def _matches(shown: str, output: str) -> bool:
    """The lines shown come out, with anything for an ellipsis: in a line some characters, alone some lines."""
    if not shown:
        return True
    pattern = re.escape(shown.rstrip("\n")).replace(f"{ANYTHING}\\\n", "(?:.*\n)*?").replace(ANYTHING, "[^\n]+")
    return re.search(rf"^{pattern}$", output, re.MULTILINE) is not None


def test_what_the_page_shows_is_what_comes_out(followed: Path) -> None:
    assert (followed / "cdk.out" / "Windlass.template.json").is_file()


def test_what_it_ends_with_is_the_sample(followed: Path) -> None:
    for name in ("rehearsed.py", "__init__.py"):
        assert (followed / "pinning" / name).read_text() == (SAMPLE / "pinning" / name).read_text()
    written = (followed / "pinning" / "pin_server_group.py").read_text()
    sample = (SAMPLE / "pinning" / "pin_server_group.py").read_text()

    assert sorted(filter(str.strip, written.splitlines())) == sorted(filter(str.strip, sample.splitlines()))


def test_the_installed_product_is_a_copy_and_not_the_checkout(followed: Path) -> None:
    shown = _output('uv run --no-project python -c "import windlass; print(windlass.__file__)"', followed)

    assert shown.startswith(str(followed))
