"""`python -m rehearsal COMMAND`: run, replay, sweep, mutants."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

COMMANDS = {
    "run": ("rehearsal.command", "run"),
    "replay": ("rehearsal.command", "replay"),
    "sweep": ("rehearsal.sweep_command", "sweep"),
    "mutants": ("rehearsal.mutants_command", "mutants"),
}
"""Where each command is; imported only when asked for."""


def main(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        print(f"there is no command {name!r}; say python -m rehearsal {' | '.join(COMMANDS)}", file=sys.stderr)
        return 2
    module, function = COMMANDS[name]
    command: Callable[[Sequence[str]], int] = getattr(import_module(module), function)
    return command(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
