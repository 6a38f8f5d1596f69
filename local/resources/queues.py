"""SQS queues and their policies."""

from __future__ import annotations

import json

from local.resources.kinds import Json, Kind, Made, Wanted, tag_map

_ATTRIBUTES = (
    "ContentBasedDeduplication", "DelaySeconds", "FifoQueue", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId",
    "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "RedrivePolicy",
    "VisibilityTimeout",
)  # fmt: skip


def create_queue(wanted: Wanted) -> Made:
    fifo = ".fifo" if wanted.properties.get("FifoQueue") and "QueueName" not in wanted.properties else ""
    name = wanted.name("QueueName", limit=75) + fifo
    url = wanted.client("sqs").create_queue(
        QueueName=name, Attributes=_attributes(wanted.properties), tags=tag_map(wanted.properties.get("Tags"))
    )["QueueUrl"]
    return Made(url, {"Arn": wanted.arn("sqs", name), "QueueName": name, "QueueUrl": url})


def _attributes(given: Json) -> dict[str, str]:
    return {name: _text(given[name]) for name in _ATTRIBUTES if name in given}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


def update_queue(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if any(wanted.properties.get(name) != before.get(name) for name in ("QueueName", "FifoQueue")):
        return None
    attributes = _attributes(wanted.properties)
    attributes.pop("FifoQueue", None)
    wanted.client("sqs").set_queue_attributes(QueueUrl=made.id, Attributes=attributes)
    return made


def delete_queue(wanted: Wanted, made: Made) -> None:
    wanted.client("sqs").delete_queue(QueueUrl=made.id)


def put_policy(wanted: Wanted) -> Made:
    document = json.dumps(wanted.properties["PolicyDocument"])
    for url in wanted.properties["Queues"]:
        wanted.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    return Made(wanted.name())


KINDS = {
    "AWS::SQS::Queue": Kind(create=create_queue, update=update_queue, delete=delete_queue),
    "AWS::SQS::QueuePolicy": Kind(create=put_policy, update=lambda wanted, before, made: put_policy(wanted)),
}
