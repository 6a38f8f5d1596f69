"""Whether a stack can be destroyed: not while operations run, which would stay as they are, half done.

The stack refuses to be deleted (termination protection) until that is taken off, which happens here alone, and only
while nothing runs. The table that goes with the stack, where it does, is let go of in the same breath.
"""

from collections.abc import Iterator

from doctor.deployed import Clients, Deployed, deployed
from doctor.report import Finding, Report, Weight
from doctor.running import underway

CHANGES = ("cloudformation:UpdateTerminationProtection", "dynamodb:UpdateTable")
"""The permissions that letting go takes."""


def destroy(clients: Clients, name: str, *, lift: bool) -> Report:
    """Look, and where nothing stands against it and it is asked for, let go. Raises NotSeen, and botocore's errors."""
    stack = deployed(clients, name)
    rows = underway(stack.table(clients))
    remedy = "let it come to its end, or cancel it"
    findings = [Finding(Weight.BREAKS, f"operation {row.id} ({row.name})", f"is {row.status}", remedy) for row in rows]
    report = Report(f"destruction of {name}", {"operations under way": len(rows)}, tuple(findings))
    if not report.safe or not lift:
        return report
    return Report(report.title, report.counts, tuple(_let_go(clients, stack)))


def _let_go(clients: Clients, stack: Deployed) -> Iterator[Finding]:
    clients("cloudformation").update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
    yield Finding(Weight.NOTE, f"stack {stack.name}", "may be deleted now", "npx cdk destroy")
    for name, (kind, table) in stack.ids.items():
        if kind == "AWS::DynamoDB::Table" and stack.template["Resources"][name].get("DeletionPolicy") == "Delete":
            clients("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=False)
            yield Finding(Weight.NOTE, f"table {table}", "is deleted with the stack", "")
