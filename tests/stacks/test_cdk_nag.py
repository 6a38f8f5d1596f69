"""AWS's own opinion on every stack, with everything on: no finding without an explanation, and none explained twice."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cdk_nag import AwsSolutionsChecks

from lambdas.api.certificates import CERTIFICATES
from lambdas.authority import POLICIES
from stacks.application import application
from tests.stacks import test_doors, test_network
from tests.stacks.nag_exceptions import EXCEPTIONS

Finding = tuple[str, str]
"""A rule, with the wildcard that it is about, and the path of a construct."""


@pytest.fixture(scope="module")
def findings(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """Of an app with both doors, in a VPC: it is built and judged, and not synthesised."""
    policies = tmp_path_factory.mktemp("policies") / "policies"
    shutil.copytree(POLICIES, policies)
    (policies / CERTIFICATES).write_text(json.dumps(test_doors.ORCA))
    context = {"policies": str(policies), **test_doors.PLACE, **test_network.PLACE}
    app = application(context, outdir=tmp_path_factory.mktemp("judged"), layer=layer)
    report = AwsSolutionsChecks(app).validate_scope(app)
    found = ((one.rule_name, each) for one in report.violations for each in one.violating_resources)
    return sorted((rule, str(each.construct_path)) for rule, each in found)


def test_every_finding_is_explained(findings: list[Finding]) -> None:
    assert [one for one in findings if not any(known.covers(*one) for known in EXCEPTIONS)] == []


def test_no_finding_is_explained_twice(findings: list[Finding]) -> None:
    twice = [one for one in findings if sum(known.covers(*one) for known in EXCEPTIONS) > 1]

    assert twice == []


def test_every_exception_is_needed_for_each_of_its_paths(findings: list[Finding]) -> None:
    single = [replace(known, paths=(path,)) for known in EXCEPTIONS for path in known.paths]
    needless = [(one.rule, one.paths[0]) for one in single if not any(one.covers(*found) for found in findings)]

    assert needless == []


def test_every_exception_says_why() -> None:
    assert all(len(known.because) > 25 for known in EXCEPTIONS)


def test_no_exception_is_for_a_whole_stack() -> None:
    assert [known for known in EXCEPTIONS for path in known.paths if path in ("*", "**", "") or "/" not in path] == []
