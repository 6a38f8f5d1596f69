"""What a decision costs: the first of a process, with the import of Cedar's engine, and each after it."""

import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lambdas import authority
from lambdas.authority import Asker, Authority, Question

ROOT = Path(__file__).parent.parent
RUNS, DECISIONS = 7, 2_000
YARDSTICK = "import boto3; boto3.client('dynamodb', region_name='us-east-1')"
FIRST = "Authority().judge(QUESTION)"
MOST = 0.5
"""The part of `import boto3` and one client that the first decision must not exceed."""
QUESTION = Question(
    Asker("arn:aws:iam::123456789012:role/orca"),
    "createServerGroup",
    authority.operation(
        "createServerGroup",
        account="test",
        environment="test",
        region="us-east-1",
        application="shop",
        cluster="test/us-east-1/shop-main",
    ),
    1_700_000_000.0,
)


def seconds(before: str, statement: str) -> float:
    """CPU seconds of the statement in a process of its own, at best; `before` is not counted."""
    timed = f"{before}\nimport time; began = time.process_time()\n{statement}\nprint(time.process_time() - began)"
    runs = (
        subprocess.run([sys.executable, "-c", timed], cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(RUNS)
    )
    return min(float(run.stdout) for run in runs)


def each() -> float:
    """CPU seconds of one decision of many, at best."""
    policies = Authority()
    policies.judge(QUESTION)
    best = []
    for _ in range(RUNS):
        began = time.process_time()
        for _ in range(DECISIONS):
            policies.judge(QUESTION)
        best.append((time.process_time() - began) / DECISIONS)
    return min(best)


def main() -> int:
    yardstick, first = seconds("", YARDSTICK), seconds("from benchmarks.authorisation import *", FIRST)
    table = Table("what", "seconds", "ratio", title="Decisions", title_justify="left")
    table.add_row("boto3 and one client", f"{yardstick:.3f}", "1")
    table.add_row("the first decision", f"{first:.3f}", f"{first / yardstick:.2f}")
    table.add_row("each after it", f"{each():.6f}", "")
    Console().print(table)
    return 1 if first > MOST * yardstick else 0


if __name__ == "__main__":
    sys.exit(main())
