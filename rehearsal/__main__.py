"""`python -m rehearsal COMMAND`; `--help` lists the commands."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

COMMANDS = {
    "run": ("rehearsal.command", "run"),
    "replay": ("rehearsal.command", "replay"),
    "storm": ("rehearsal.storm_command", "run"),
    "sweep": ("rehearsal.sweep_command", "sweep"),
    "mutants": ("rehearsal.mutants_command", "mutants"),
    "flood": ("rehearsal.flood_command", "flood"),
    "fuzz": ("rehearsal.fuzz.command", "run"),
    "objectives": ("rehearsal.objectives_command", "objectives"),
    "dashboard": ("rehearsal.dashboard_command", "dashboard"),
    "scale": ("rehearsal.scale_command", "scale"),
    "catalogue": ("rehearsal.catalogue", "catalogue"),
    "costs": ("rehearsal.costs", "costs"),
    "record-release": ("rehearsal.releases_command", "record_release"),
}
"""Where each command is; imported only when asked for."""


USAGE = """usage: python -m rehearsal COMMAND …

Windlass's operations in virtual time, on fake clouds that fail.

  run      many runs under a fault model: how they end, how long they take, what they cost, where Windlass breaks
  replay   one of these runs again, with its whole history
  storm    many operations at once: what they ask of the clouds while AWS throttles
  sweep    every call of an operation goes wrong in every way, and every run is judged
  mutants  the product broken in one place at a time: the sweep has to notice
  flood    many submissions while Step Functions starts nothing, and how the backlog drains
  fuzz     thousands of requests made from the OpenAPI document, hostile ones too, against the real handler
  objectives  what these runs measure, against the objectives of applications
  dashboard  a day in which something goes wrong, and the picture that the deployed dashboard shows of it
  scale    a day's load on many accounts: what it takes of AWS's quotas, and what gives out first
  catalogue  write the page of Clouddriver's operations and what does each
  costs    write the page of what each operation costs
  record-release  keep what operations of this release look like while they run, for later releases to go on with

  python -m rehearsal COMMAND --help     arguments, fault models, examples, exit codes"""


def main(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in ("-h", "--help", "help"):
        print(USAGE)
        return 0
    if name not in COMMANDS:
        asked = f"there is no command {name!r}" if name else "a command is missing"
        print(f"{asked}; say python -m rehearsal {' | '.join(COMMANDS)}, or --help", file=sys.stderr)
        return 2
    module, function = COMMANDS[name]
    command: Callable[[Sequence[str]], int] = getattr(import_module(module), function)
    try:
        return command(arguments[1:])
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
