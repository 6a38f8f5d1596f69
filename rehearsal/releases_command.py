"""`python -m rehearsal record-release`: keep what operations of this release look like while they run."""

import re
import sys
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rehearsal import releases, scenarios
from rehearsal.arguments import MISUSED, Parser
from rehearsal.crew import quiet

ROOT = Path(__file__).parent.parent
_HEADING = re.compile(r"^## \[?(\d+\.\d+\.\d+)\]? - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
MORE = """
The release is the version in pyproject.toml. Once CHANGELOG.md has a section for it, with its date, it is out, and what
was recorded of it stays as it is. tests/rehearsal/test_releases.py plays every release that was recorded."""


def record_release(arguments: Sequence[str]) -> int:
    """Write the folder of the release; 2 where it is out already."""
    Parser("record-release", "Record each operation of this release, planned and in its midst.", MORE).parse_args(
        arguments
    )
    release = version()
    if release in released():
        sys.stderr.write(f"release {release} is out, what was recorded of it stays; set the next version first\n")
        return MISUSED
    quiet()
    written = releases.write(release, [releases.record(one) for one in scenarios.named(scenarios.PLAIN)])
    print(f"release {release}: {len(written)} operations that are not as they were before")
    return 0


def version(root: Path = ROOT) -> str:
    """Of the release that is being made."""
    return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def released(root: Path = ROOT) -> dict[str, date]:
    """The releases that are out, and since when: `## 0.1.0 - 2026-12-01` in the change log."""
    found = _HEADING.findall((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    return {release: date.fromisoformat(day) for release, day in found}
