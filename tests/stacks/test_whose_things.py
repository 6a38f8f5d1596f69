"""Of every kind of thing that operations change the page says whether sessions tell applications apart, and why not."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from lambdas import activities
from tests.stacks.service_reference import conditions_of, kinds_of

PAGE = Path(__file__).parents[2] / "docs" / "accounts.md"
READS = re.compile(r"\w+:(Describe|Get|List|Validate)")
TAGGING = frozenset(
    {"ec2:CreateTags", "ec2:DeleteTags", "elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"}
)
"""These are for whatever has tags; which things get some other calls of the same modules say."""


def changed() -> dict[str, str]:
    """Kinds of things that declared calls change, without the sorts of load balancers; one call of each."""
    modules = (
        importlib.import_module(f"{activities.__name__}.{one.name}")
        for one in pkgutil.iter_modules(activities.__path__)
    )
    calls = {action for module in modules for action in getattr(module, "ACTIONS", ())}
    return {
        kind.partition("/")[0]: action
        for action in sorted(calls - TAGGING)
        if not READS.match(action)
        for kind in kinds_of(action)
    }


def rows() -> dict[str, list[str]]:
    """By kind: what its ARN has, whether its tags can be asked for, and why it is so."""
    table = PAGE.read_text().partition("### Whose things")[2].partition("## The confused")[0]
    lines = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| `")
    )
    return {kind: more for kinds, *more in lines for kind in re.findall(r"`([^`]+)`", kinds)}


def test_no_kind_is_forgotten_and_none_is_told_of_that_nothing_changes() -> None:
    assert rows().keys() == changed().keys()


@pytest.mark.parametrize("kind", sorted(changed()))
def test_whether_aws_can_ask_for_its_tags_is_as_its_reference_says(kind: str) -> None:
    service = changed()[kind].partition(":")[0]

    can = any(one.startswith("aws:ResourceTag/") for one in conditions_of(service, kind))
    assert rows()[kind][1] == ("yes" if can else "no")
