"""`python -m lambdas.push` writes the schema of the events; `--check` says whether the committed one is stale."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lambdas.push.model import schema

ROOT = Path(__file__).parent.parent.parent
PUBLISHED = Path("docs", "push", "event.schema.json")


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Exit code: 1 where `--check` found it stale."""
    parser = argparse.ArgumentParser(prog="python -m lambdas.push", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if it is stale")
    text, path = json.dumps(schema(), indent=2) + "\n", root / PUBLISHED
    if parser.parse_args(arguments).check:
        return _report(path, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return 0


def _report(path: Path, text: str) -> int:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{PUBLISHED} is stale; run `python -m lambdas.push`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
