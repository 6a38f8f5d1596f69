"""Lines for people to paste: whether a shell can read them, and whether AWS's CLI has such commands."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name

OF_THE_CLI = {("logs", "tail"), ("s3", "cp")}
"""Commands that the CLI adds to what the API has."""
NAMED = {"s3api": "s3"}
"""Services whose API the CLI calls otherwise than botocore."""
GLOBAL = {"--output", "--query", "--region", "--profile", "--payload", "--no-cli-pager", "--cli-input-json"}
OUTFILE = {("lambda", "invoke")}


def blocks(page: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", page, re.DOTALL)


def faults(script: str) -> Iterator[str]:
    """What is wrong with it, in words."""
    said = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    if said.returncode:
        yield said.stderr
        return
    for line in script.replace("\\\n", " ").splitlines():
        for words in _commands(line):
            yield from _of_the_cli(words)


def _commands(line: str) -> Iterator[list[str]]:
    """The commands of AWS's CLI in a line, those first whose output is part of another."""
    inner = re.search(r"\$\((aws [^()]*)\)", line)
    if inner:
        yield shlex.split(inner[1])
        yield from _commands(line.replace(inner[0], "X"))
        return
    words = shlex.split(re.sub(r"^(\w+)=\$\(", "", line), comments=True)
    if "aws" in words:
        yield words[words.index("aws") :]


def _of_the_cli(words: list[str]) -> Iterator[str]:
    service, command = words[1], words[2]
    if (service, command) in OF_THE_CLI:
        return
    operations = _operations(service)
    if operations is None or command not in operations:
        yield f"there is no aws {service} {command}"
        return
    if "--cli-input-json" in words:
        members = json.loads(words[words.index("--cli-input-json") + 1])
        yield from (f"{command} has no {name}" for name in members if name not in operations[command])
    known = {f"--{xform_name(name, '-')}" for name in operations[command]}
    negated = {f"--no-{name[2:]}" for name in known}
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    yield from (f"aws {service} {command} has no {one}" for one in sorted(given - known - negated - GLOBAL))


@cache
def _operations(service: str) -> dict[str, list[str]] | None:
    """Parameters by the command's name."""
    session: Any = botocore.session.get_session()
    try:
        model = session.get_service_model(NAMED.get(service, service))
    except Exception:  # noqa: BLE001 - whatever it says, there is none
        return None
    found = {}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        found[xform_name(name, "-")] = list(shape.members) if shape else []
    return found
