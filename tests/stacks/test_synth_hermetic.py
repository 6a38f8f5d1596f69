"""Synth is a pure function of source and context: no network, no credentials, the same bytes every time."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stacks import ROOT

PROGRAM = """
import socket, sys
from pathlib import Path

def refuse(*given, **named):
    raise AssertionError(f"synth opens a connection: {given}")

socket.socket.connect = refuse
from stacks.application import application
application(outdir=Path(sys.argv[1]), layer=Path(sys.argv[2])).synth()
"""
NODE_HOOK = """
const net = require("node:net"), dns = require("node:dns"), fs = require("node:fs");
const tell = what => fs.appendFileSync(process.env.CONNECTIONS, what + "\\n");
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  tell("connect " + JSON.stringify(given[0]));
  return connect.apply(this, given);
};
dns.lookup = (name, ...rest) => { tell("lookup " + name); rest.pop()(new Error("no network here")); };
fs.appendFileSync(process.env.CONNECTIONS, "hooked\\n");
"""


@pytest.fixture(scope="module")
def elsewhere(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in a fresh process with another hash seed and working folder, and without credentials."""
    folder = tmp_path_factory.mktemp("elsewhere")
    hook = folder / "hook.cjs"
    hook.write_text(NODE_HOOK)
    (folder / "connections").touch()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))} | {
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "20",
        "NODE_OPTIONS": f"--require {hook}",
        "CONNECTIONS": str(folder / "connections"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_VALIDATION": "false",
    }
    command = [sys.executable, "-c", PROGRAM, str(folder / "assembly"), str(layer)]
    subprocess.run(command, check=True, cwd=folder, env=environment, capture_output=True)
    return folder


def test_synth_opens_no_connection(elsewhere: Path) -> None:
    seen = set((elsewhere / "connections").read_text().split())

    assert seen == {"hooked"}


def test_the_same_input_gives_the_same_bytes(elsewhere: Path, assembly: Path) -> None:
    here, there = (one / "Windlass.template.json" for one in (assembly, elsewhere / "assembly"))

    assert here.read_bytes() == there.read_bytes()


def test_the_template_names_no_account_and_no_region(template: dict[str, Any], assembly: Path) -> None:
    stacks = [
        one
        for one in json.loads((assembly / "manifest.json").read_text())["artifacts"].values()
        if one["type"] == "aws:cloudformation:stack"
    ]

    assert {one["environment"] for one in stacks} == {"aws://unknown-account/unknown-region"}
    assert "us-east-1" not in json.dumps(template)


def test_a_built_assembly_does_not_depend_on_what_the_cli_asks_for(
    template: dict[str, Any], synthesised: Callable[..., Path]
) -> None:
    asked = synthesised(**{"aws:cdk:enable-path-metadata": "true", "aws:cdk:enable-asset-metadata": "true"})

    assert json.loads((asked / "Windlass.template.json").read_text()) == template
