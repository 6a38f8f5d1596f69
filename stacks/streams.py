"""Following the table's stream: in order for each item; what stays refused is set aside, and the rest goes on."""

from collections.abc import Iterable
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_lambda_event_sources import DynamoEventSource, SqsDlq

BATCH = 100
"""Records, at most."""


def follow(
    function: lambda_.IFunction,
    table: dynamodb.Table,
    *,
    patterns: Iterable[dict[str, Any]],
    set_aside: sqs.IQueue,
    at_once: int = 1,
) -> None:
    """Wake the function with those records that fit one of the patterns; `at_once`: batches of one shard side by side.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
    """
    function.add_event_source(
        DynamoEventSource(
            table,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=BATCH,
            # Those of one item stay in order, one batch after the other.
            parallelization_factor=at_once,
            bisect_batch_on_error=True,
            # The handler answers which record failed; Lambda would take that answer for success.
            report_batch_item_failures=True,
            # Longer than an outage of an hour; what is set aside then, the sweep makes up for.
            retry_attempts=20,
            max_record_age=Duration.hours(6),
            on_failure=SqsDlq(set_aside),
            filters=[lambda_.FilterCriteria.filter(pattern) for pattern in patterns],
        )
    )
