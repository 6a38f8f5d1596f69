"""List prices in us-east-1, in dollars, and what one operation costs by them."""

from dataclasses import dataclass

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
POLLS = 4
"""Requests for one operation: its submission and some looks at how it stands."""
LOG_GIGABYTE = 0.50
"""CloudWatch Logs, ingested: https://aws.amazon.com/cloudwatch/pricing/"""
LOG_BYTES = 900
"""Of one invocation: one structured line of ours, and Lambda's START, END and REPORT."""
HISTORY_BYTES = 1200
"""Logged by Step Functions for one transition (level ERROR logs less; this is the most)."""
KEY_REQUEST = 3.0 / MILLION
"""KMS: https://aws.amazon.com/kms/pricing/"""
KEY_REQUESTS = 6
"""For one operation: DynamoDB asks once in five minutes for each caller's table key."""
KEY_MONTH = 1.0
"""The table's own key."""
QUEUE_MESSAGE = 0.40 / MILLION
"""SQS: https://aws.amazon.com/sqs/pricing/"""
SWEEPS_A_MONTH = 60 * 24 * 30
"""The rule sweeps each minute, whatever there is to do; EventBridge's scheduled rules cost nothing."""


@dataclass(frozen=True)
class Use:
    """What one operation uses, on average."""

    transitions: float
    invocations: float
    """Of functions, looks of the sweep included."""
    working: float
    """Seconds for which they ran."""
    reads: float
    """Units of the table."""
    writes: float
    messages: float

    @property
    def costs(self) -> dict[str, float]:
        """Dollars, by what they are paid for."""
        return {
            "Step Functions": self.transitions * TRANSITION,
            "Lambda": self.invocations * INVOCATION + self.working * MEMORY * GIGABYTE_SECOND,
            "DynamoDB": self.reads * READ_UNIT + self.writes * WRITE_UNIT,
            "API Gateway": POLLS * REQUEST,
            "Logs": (self.invocations * LOG_BYTES + self.transitions * HISTORY_BYTES) / 1e9 * LOG_GIGABYTE,
            "Keys": KEY_REQUESTS * KEY_REQUEST,
            "Queue": self.messages * QUEUE_MESSAGE,
        }

    @property
    def total(self) -> float:
        return sum(self.costs.values())


IDLE_MONTH = KEY_MONTH + SWEEPS_A_MONTH * (INVOCATION + 0.05 * MEMORY * GIGABYTE_SECOND + READ_UNIT + WRITE_UNIT)
"""A month in which nothing is asked for: the key and the sweep's rule."""
