"""Nobody destroys a stack by accident: it is protected unless its deployment says otherwise."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("context", "protected"),
    [({}, True), ({"removal": "destroy"}, False), ({"removal": "destroy", "deletionProtection": "true"}, True)],
)
def test_a_stack_is_protected_as_its_table_is(
    context: dict[str, str], protected: bool, synthesised: Callable[..., Path]
) -> None:
    manifest = json.loads((synthesised(**context) / "manifest.json").read_text())

    assert manifest["artifacts"]["Windlass"]["properties"].get("terminationProtection", False) is protected
