"""The folder of the dependency layer, built from the lock without Docker: `python -m stacks.layer`, before synth."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from stacks import ROOT

_CHECKED_OUT = (ROOT / "requirements.lock").exists()
LOCK = ROOT / "requirements.lock" if _CHECKED_OUT else Path(__file__).with_name("requirements.lock")
LAYER = (ROOT if _CHECKED_OUT else Path.cwd()) / "build" / "layer"
"""In the checkout; where Windlass is installed, in the folder of the app."""
PYTHON = "3.13"
PLATFORM = "aarch64-manylinux_2_28"
"""The Amazon Linux 2023 of the Python 3.13 runtime has glibc 2.34; uv takes wheels for this and every older glibc."""
STAMP = "made-from"
"""File beside the packages that says of which lock they are."""


def lock_hash() -> str:
    return hashlib.sha256(f"{PYTHON} {PLATFORM}\n{LOCK.read_text()}".encode()).hexdigest()


def install(target: Path) -> None:
    """The locked wheels of Lambda's Python on arm64, whatever this machine is."""
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(target)),
            *("--python-platform", PLATFORM, "--python-version", PYTHON, "--only-binary", ":all:"),
            *("--require-hashes", "--no-deps", "--no-compile", "--link-mode", "copy", "-r", str(LOCK)),
        ],
        check=True,
    )


def build(folder: Path = LAYER, install: Callable[[Path], None] = install) -> bool:
    """Fill the folder with the locked wheels; False: it holds them already."""
    if is_built(folder):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    install(folder / "python")
    _drop_the_unreproducible(folder / "python")
    (folder / STAMP).write_text(lock_hash())
    return True


def is_built(folder: Path) -> bool:
    """Whether the folder holds what the lock names now."""
    stamp = folder / STAMP
    return stamp.exists() and stamp.read_text() == lock_hash()


def _drop_the_unreproducible(target: Path) -> None:
    """Scripts name this machine's interpreter, and neither they nor the installer's notes are ever read on Lambda."""
    shutil.rmtree(target / "bin", ignore_errors=True)
    for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", ".lock"):
        for path in target.rglob(name):
            path.unlink()


if __name__ == "__main__":
    print("layer built" if build() else "layer is up to date")  # noqa: T201 - the program's answer
