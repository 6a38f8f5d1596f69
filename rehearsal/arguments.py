"""What the commands' arguments have in common: help by example, and one sentence, exit code 2, for bad input."""

import argparse
import os
from typing import NoReturn

FAILED, MISUSED = 1, 2
"""Exit codes: something was found, bad input."""
MOST_PROCESSES = 256


class Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong, and nothing else."""

    def __init__(self, command: str, description: str, more: str) -> None:
        super().__init__(
            prog=f"python -m rehearsal {command}",
            description=description,
            epilog=more,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSED, f"{' '.join(message.split())} ({self.prog} --help tells more)\n")

    def add_processes(self) -> None:
        self.add_argument(
            "--processes", type=processes, default=os.cpu_count() or 1, metavar="N", help="all cores by default"
        )


def processes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"the number of processes is from 1 to {MOST_PROCESSES}, not {text!r}")
    return int(text)


def listed(entries: dict[str, str]) -> str:
    """Names and what they mean, as help shows them."""
    widest = max(map(len, entries))
    return "\n".join(f"  {name:<{widest}}  {what}" for name, what in entries.items())
