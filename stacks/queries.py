"""Saved queries of Logs Insights: the questions that are asked again and again."""

from collections.abc import Sequence

from aws_cdk import aws_logs as logs
from constructs import Construct

KNOWN = "operation, saga, step, attempt, execution, caller, user, traceparent, spinnaker"
"""What lines tell of the operation (`lambdas.lines`)."""
QUERIES = {
    "one operation": f"""
fields @timestamp, {KNOWN}, message, did, error
| filter operation = "PUT ITS ID HERE" and ispresent(message)
| sort @timestamp""",
    "one pipeline of Spinnaker or one trace": f"""
fields @timestamp, {KNOWN}, message, did, error
| filter spinnaker = "PUT ITS ID HERE" or traceparent like "PUT ITS ID HERE"
| sort @timestamp""",
    "our own bugs": f"""
fields @timestamp, {KNOWN}, error, exception, @log
| filter message in ["broken", "our own bug"] or message like "our own bug"
| sort @timestamp desc""",
    "attempts that failed, by activity and error": """
filter FailedAttempts = 1
| stats count(*) as failed, count_distinct(operation) as operations by Activity, Error, step
| sort failed desc""",
    "operations that ended by our fault": """
fields @timestamp, operation, application, Operation, End, reason
| filter OurFault = 1
| sort @timestamp desc""",
    "which states take longest": """
filter ispresent(StateTime)
| stats count(*) as times, pct(StateTime, 50) as p50, pct(StateTime, 99) as p99, max(StateTime) as longest by State
| sort p99 desc""",
    "who asks most": """
filter message = "accepted"
| stats count(*) as operations by caller, user
| sort operations desc""",
}


class Queries(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, prefix: str, functions: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        groups = [f"/aws/lambda/{prefix}{one}" for one in functions]
        for name, query in QUERIES.items():
            logs.CfnQueryDefinition(
                self,
                name.title().replace(" ", "").replace(",", ""),
                name=f"{prefix.rstrip('-')}/{name}",
                query_string=query.strip(),
                log_group_names=groups,
            )
