"""List prices in us-east-1, in dollars, and what one operation costs by them."""

from dataclasses import dataclass

from lambdas.table import SHARDS

MILLION = 1e6

TRANSITION = 25 / MILLION
"""Step Functions, standard workflows; retries count: https://aws.amazon.com/step-functions/pricing/"""
INVOCATION = 0.20 / MILLION
"""https://aws.amazon.com/lambda/pricing/"""
GIGABYTE_SECOND = 0.0000133334
"""Lambda on arm64: https://aws.amazon.com/lambda/pricing/"""
MEMORY = 0.5
"""GB of each function."""
READ_UNIT, WRITE_UNIT = 0.125 / MILLION, 0.625 / MILLION
"""DynamoDB on demand: https://aws.amazon.com/dynamodb/pricing/on-demand/"""
REQUEST = 3.50 / MILLION
"""API Gateway, REST: https://aws.amazon.com/api-gateway/pricing/"""
LOOKS = 3
"""Requests of a caller after its submission, to see how the operation stands."""
LOOK_SECONDS, LOOK_MEMORY, LOOK_READS = 0.05, 1.0, 2.0
"""Of the function behind such a request: seconds, GB, units read. The submission's is played, and counted there."""
ACCESS_BYTES = 400
"""Logged by API Gateway for one request."""
LOG_GIGABYTE = 0.50
"""CloudWatch Logs, ingested: https://aws.amazon.com/cloudwatch/pricing/"""
LOG_BYTES = 900
"""Of one invocation: one structured line of ours, and Lambda's START, END and REPORT."""
HISTORY_BYTES = 1200
"""Logged by Step Functions for one transition (level ERROR logs less; this is the most)."""
KEY_REQUEST = 3.0 / MILLION
"""KMS: https://aws.amazon.com/kms/pricing/"""
KEY_REQUESTS = 12
"""For one operation, as if for it alone: DynamoDB asks once in five minutes for each caller's table key, Step Functions
once in fifteen for a machine, SQS once in an hour for a queue, S3 for the book's bucket."""
KEY_MONTH = 1.0
"""The key of all that is kept."""
QUEUE_MESSAGE = 0.40 / MILLION
"""SQS: https://aws.amazon.com/sqs/pricing/"""
BUS_EVENT = 1.0 / MILLION
"""EventBridge, custom events: https://aws.amazon.com/eventbridge/pricing/"""
EVENTS = 3
"""Told of an operation that nobody interferes with: accepted, started, its end."""
EVENT_SECONDS, EVENT_READS, EVENT_WRITES = 0.05, 1.0, 1.0
"""Of the herald, for one of them, as if each were a batch of the stream: who is to be told, and that it was told."""
PAGE = 5.0 / MILLION
"""S3, a put: https://aws.amazon.com/s3/pricing/; of a gigabyte a month are 0.023, of a page's 5 KB a few millionths."""
PAGE_READS, PAGE_WRITES = 5.0, 3.0
"""What is known of the operation, and how the book stands; which page is the last, a note, and that it goes."""
LAST_LOOK_READS, LAST_LOOK_WRITES = 1.5, 4.0
"""Of the sweep, which sees after the end whether it was told, and takes the control row off the index of what is due:
the row in the table and in two lists of whole rows, and its entry in that index."""
TRACE = 5.0 / MILLION
"""X-Ray, recorded; one for the machine and one for each request is the most: it samples a part of them.
https://aws.amazon.com/xray/pricing/"""
SWEEPS_A_MONTH = 60 * 24 * 30
"""The rule sweeps each minute, whatever there is to do; EventBridge's scheduled rules cost nothing."""
SWEEP_SECONDS = 0.09
"""Of a sweep that finds nothing due."""
SWEEP_MEMORY = 1.0
"""GB of that function."""
SWEEP_READS = 2 * 0.5 * SHARDS
"""A query of each shard of the index, and of each of the backlog; a sweep that finds nothing due writes nothing."""


@dataclass(frozen=True)
class Use:
    """What one operation uses, on average."""

    transitions: float
    invocations: float
    """Of functions: the submission's, each Task's, the projector's, and every sweep meanwhile, as if for it alone."""
    working: float
    """Seconds for which they ran."""
    reads: float
    """Units of the table."""
    writes: float
    messages: float

    @property
    def costs(self) -> dict[str, float]:
        """Dollars, by what they are paid for."""
        requests, reads = 1 + LOOKS, self.reads + LOOKS * LOOK_READS
        logged = self.invocations * LOG_BYTES + LOOKS * LOG_BYTES + self.transitions * HISTORY_BYTES
        return {
            "Step Functions": self.transitions * TRANSITION,
            "Lambda": _run(self.invocations, self.working) + _run(LOOKS, LOOKS * LOOK_SECONDS, LOOK_MEMORY),
            "DynamoDB": reads * READ_UNIT + self.writes * WRITE_UNIT,
            "API Gateway": requests * REQUEST,
            "Logs": (logged + requests * ACCESS_BYTES) / 1e9 * LOG_GIGABYTE,
            "Keys": KEY_REQUESTS * KEY_REQUEST,
            "Traces": (1 + requests) * TRACE,
            "Queue": self.messages * QUEUE_MESSAGE,
            "Push": EVENTS * TELLING + LAST_LOOK_READS * READ_UNIT + LAST_LOOK_WRITES * WRITE_UNIT,
        }

    @property
    def total(self) -> float:
        return sum(self.costs.values())


def _run(invocations: float, seconds: float, memory: float = MEMORY) -> float:
    """What functions cost that run so often and so long together."""
    return invocations * INVOCATION + seconds * memory * GIGABYTE_SECOND


TELLING = (
    PAGE
    + PAGE_READS * READ_UNIT
    + PAGE_WRITES * WRITE_UNIT
    + BUS_EVENT
    + _run(1, EVENT_SECONDS)
    + EVENT_READS * READ_UNIT
    + EVENT_WRITES * WRITE_UNIT
    + LOG_BYTES / 1e9 * LOG_GIGABYTE
)
"""One event in the book and on the bus. A receiver costs a message, an invocation and some four writes more."""
_SWEEP = _run(1, SWEEP_SECONDS, SWEEP_MEMORY) + SWEEP_READS * READ_UNIT + LOG_BYTES / 1e9 * LOG_GIGABYTE
SWEEP_MONTH = SWEEPS_A_MONTH * _SWEEP
"""The wait sweep for a month in which it finds nothing to do."""
IDLE_MONTH = KEY_MONTH + SWEEP_MONTH
"""A month in which nothing is asked for: the key and the sweep."""
