"""How long the functions' handlers take to import, as ratios to `import boto3` and one client: `make benchmarks`.

Each import is a process of its own; the best of several runs counts, since whatever else the machine does only adds.
"""

import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
RUNS = 7
YARDSTICK = "import boto3; boto3.client('dynamodb', region_name='us-east-1')"
HANDLERS = {
    "api": "import lambdas.api.handler",
    "activities, engine, sweep, projector": "import lambdas.handlers",
}
MOST = 1.2
"""The ratio that a handler's import must not exceed."""


def seconds(statement: str) -> float:
    """CPU seconds of the statement in a process of its own, at best."""
    timed = "import time; began = time.process_time()\n" + statement + "\nprint(time.process_time() - began)"
    runs = (
        subprocess.run([sys.executable, "-c", timed], cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(RUNS)
    )
    return min(float(run.stdout) for run in runs)


def main() -> int:
    yardstick = seconds(YARDSTICK)
    table = Table("function", "seconds", "ratio", title="Imports", title_justify="left")
    table.add_row("boto3 and one client", f"{yardstick:.3f}", "1")
    ratios = {}
    for name, statement in HANDLERS.items():
        taken = seconds(statement)
        ratios[name] = taken / yardstick
        table.add_row(name, f"{taken:.3f}", f"{ratios[name]:.2f}")
    Console().print(table)
    slow = [name for name, ratio in ratios.items() if ratio > MOST]
    if slow:
        print(f"slower than {MOST} times boto3 and one client: {', '.join(slow)}", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
