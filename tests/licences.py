"""The licence of every locked package, by what it says of itself; `EXCEPTIONS` are those that need a word."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNTIME, LOCKS = "requirements.lock", ("requirements-dev.lock", "requirements-infra.lock", "requirements-uv.lock")
PERMISSIVE = frozenset(("Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"))
"""What may be used for anything, and shipped."""
CALLED = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""SPDX's words for those of older packages."""
FILES_ALONE = "MPL-2.0 asks for the source of its own changed files; we change none, and only tests and builds use it."
ELSEWHERE = "Not installed here, for another platform: read off its repository."
EXCEPTIONS: dict[str, tuple[str, str]] = {
    "cedarpy": ("Apache-2.0", "Its metadata says nothing; its LICENSE is Apache's."),
    "certifi": ("MPL-2.0", FILES_ALONE),
    "hypothesis": ("MPL-2.0", FILES_ALONE),
    "orjson": ("MPL-2.0 AND (Apache-2.0 OR MIT)", FILES_ALONE),
    "pathspec": ("MPL-2.0", FILES_ALONE),
    "regex": ("Apache-2.0 AND CNRI-Python", "Python's own earlier licence, permissive as its later one; tests alone."),
    "colorama": ("BSD-3-Clause", ELSEWHERE),
    "pywin32": ("PSF-2.0", ELSEWHERE),
    "tzdata": ("Apache-2.0", ELSEWHERE),
}
"""What is not plainly permissive by its own metadata: its licence, and why it is all right."""
UNSHIPPED = frozenset(("certifi", "hypothesis", "orjson", "pathspec", "regex"))
"""Those among them that must not get into the functions' layer."""


def locked(lock: str) -> list[str]:
    """The packages of a lock, with their versions: `pydantic==2.14.3`."""
    found = (re.match(r"([A-Za-z0-9._-]+==[^\s;\\]+)", line) for line in (ROOT / lock).read_text().splitlines())
    return sorted(one[1] for one in found if one)


def licence_of(package: str) -> str:
    """In SPDX's words where the package knows them; empty where it says nothing."""
    try:
        told = metadata(package)
    except PackageNotFoundError:
        return ""
    said = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or () if one.startswith("License ::")]
    known = [CALLED[one] for one in said if one in CALLED]
    plain, expression = _field(told, "License").strip(), _field(told, "License-Expression")
    return expression or " OR ".join(known) or CALLED.get(plain, plain)


def _field(told: PackageMetadata, name: str) -> str:
    return str(told[name]) if name in told else ""


def permissive(licence: str) -> bool:
    """Whether every part of the expression is one of those."""
    parts = {one.strip("() ") for one in re.split(r" AND | OR ", licence)}
    return bool(licence) and parts <= PERMISSIVE


def of_npm() -> Iterator[tuple[str, str, str]]:
    """Name, licence and hash of what `npm ci` installs."""
    for path, one in json.loads((ROOT / "package-lock.json").read_text())["packages"].items():
        if path:
            yield path.removeprefix("node_modules/"), one.get("license", ""), one.get("integrity", "")
