"""`python -m statemachines` writes each operation's machine and page; `--check` names those that are stale.

`python -m statemachines acme.rollout:ROLL_OUT --into docs` writes the same of operations of other packages.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from statemachines import ALL, AnySaga, referred
from statemachines.artefacts import artefacts

ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Exit code: 1 where `--check` found something stale."""
    parser = argparse.ArgumentParser(prog="python -m statemachines", description=__doc__)
    parser.add_argument("operations", nargs="*", type=_saga, metavar="MODULE:NAME", help="of another package")
    parser.add_argument("--into", type=Path, default=Path("docs"), metavar="FOLDER", help="of those; docs by default")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    given = parser.parse_args(arguments)
    if given.operations:
        return _write({given.into / path.name: text for path, text in _artefacts(given.operations)})
    wanted = {root / path: text for path, text in _artefacts(ALL)}
    if given.check:
        return _report(sorted(_stale(wanted, root)))
    for path in _orphans(wanted, root):
        path.unlink()
    return _write(wanted)


def _artefacts(sagas: Sequence[AnySaga]) -> Iterator[tuple[Path, str]]:
    return (one for saga in sagas for one in artefacts(saga).items())


def _saga(reference: str) -> AnySaga:
    try:
        return referred(reference)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _write(wanted: dict[Path, str]) -> int:
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def _stale(wanted: dict[Path, str], root: Path) -> Iterator[str]:
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield f"{path.relative_to(root)} is stale; run `python -m statemachines`"
    for path in _orphans(wanted, root):
        yield f"{path.relative_to(root)} belongs to no operation; run `python -m statemachines`"


def _orphans(wanted: dict[Path, str], root: Path) -> Iterator[Path]:
    """Machines of operations that no longer are: they would be deployed."""
    return (path for path in (root / "statemachines" / "compiled").glob("*.asl.json") if path not in wanted)


def _report(stale: Sequence[str]) -> int:
    for sentence in stale:
        sys.stderr.write(f"{sentence}\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
