"""What we depend on: pinned by hash, from nowhere in particular, under licences that let everybody use Windlass."""

import re

import pytest

from tests.licences import (
    EXCEPTIONS,
    LOCKS,
    RUNTIME,
    UNSHIPPED,
    licence_of,
    locked,
    of_npm,
    permissive,
)
from tests.licences import ROOT as HERE

EVERY = sorted({one for lock in (RUNTIME, *LOCKS) for one in locked(lock)})


@pytest.mark.parametrize("lock", [RUNTIME, *LOCKS])
def test_every_locked_package_is_pinned_by_its_hash_and_no_lock_names_a_host(lock: str) -> None:
    text = (HERE / lock).read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())

    assert [one.partition(" ")[0] for one in entries if "--hash=sha256:" not in one] == []
    assert "://" not in text


def test_what_the_functions_carry_is_what_was_tested() -> None:
    assert set(locked(RUNTIME)) <= set(locked("requirements-dev.lock"))


@pytest.mark.parametrize("package", EVERY)
def test_every_package_has_a_licence_that_is_permissive_or_explained(package: str) -> None:
    name = package.partition("==")[0]

    assert permissive(licence_of(name)) or name in EXCEPTIONS, f"{package} is under {licence_of(name) or 'nothing'}"


def test_no_exception_is_for_a_package_that_needs_none() -> None:
    names = {one.partition("==")[0] for one in EVERY}

    assert EXCEPTIONS.keys() <= names
    assert [name for name in EXCEPTIONS if permissive(licence_of(name))] == []
    assert all(why.endswith(".") for _, why in EXCEPTIONS.values())


def test_a_package_that_changed_its_licence_is_noticed() -> None:
    said = {name: licence_of(name) for name in EXCEPTIONS if licence_of(name)}

    assert {name: said[name] for name in ("certifi", "hypothesis", "orjson", "regex")} == {
        name: EXCEPTIONS[name][0] for name in ("certifi", "hypothesis", "orjson", "regex")
    }


def test_nothing_with_conditions_is_shipped() -> None:
    assert UNSHIPPED.isdisjoint(one.partition("==")[0] for one in locked(RUNTIME))


def test_what_npm_installs_is_pinned_and_permissive() -> None:
    assert [
        name for name, licence, integrity in of_npm() if not permissive(licence) or "sha512-" not in integrity
    ] == []


@pytest.mark.parametrize(
    ("licence", "is_so"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("GPL-3.0-only", False),
        ("MIT AND MPL-2.0", False),
        ("", False),
    ],
)
def test_a_licence_is_permissive_where_all_its_parts_are(licence: str, is_so: bool) -> None:
    assert permissive(licence) is is_so
