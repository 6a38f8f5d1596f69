"""The page on security names tests that exist, at least one for each attack, and every attack that was asked for."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| ") and "attack |" not in line]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ASKED_FOR = (
    *("Confused deputy", "Replay", "Stolen task token", "SSRF", "`iamRole`", "Tag spoofing", "Lock squatting"),
    *("Name squatting", "Denial by backlog", "Forged `X-SPINNAKER-USER`", "Forged events", "Table tampering"),
    *("Stolen idempotency key", "dependency"),
)


@cache
def named_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED.findall(PAGE))))
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    assert (ROOT / path).exists(), path
    assert name in named_in(path)


def test_every_attack_says_what_stops_it_and_names_a_test() -> None:
    assert len(ROWS) > 30
    for attack, stopped, shown in ROWS:
        assert attack.strip(), shown
        assert stopped.strip(), attack
        assert NAMED.findall(shown), attack


@pytest.mark.parametrize("attack", ASKED_FOR)
def test_no_attack_is_passed_over(attack: str) -> None:
    assert any(attack in row[0] for row in ROWS)
