"""SNS topics, their policies and subscriptions."""

from __future__ import annotations

from local.resources.kinds import IGNORED, Json, Kind, Made, Wanted, ignored_update


def create_topic(wanted: Wanted) -> Made:
    name = wanted.name("TopicName")
    arn = wanted.client("sns").create_topic(Name=name)["TopicArn"]
    for subscription in wanted.properties.get("Subscription", []):
        wanted.client("sns").subscribe(TopicArn=arn, **subscription)
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def update_topic(wanted: Wanted, before: Json, made: Made) -> Made | None:
    return made if wanted.properties.get("TopicName") == before.get("TopicName") else None


def delete_topic(wanted: Wanted, made: Made) -> None:
    wanted.client("sns").delete_topic(TopicArn=made.id)


def create_subscription(wanted: Wanted) -> Made:
    options = wanted.only("TopicArn", "Protocol", "Endpoint")
    arn = wanted.client("sns").subscribe(**options, ReturnSubscriptionArn=True)["SubscriptionArn"]
    return Made(arn, {"Arn": arn})


def delete_subscription(wanted: Wanted, made: Made) -> None:
    wanted.client("sns").unsubscribe(SubscriptionArn=made.id)


KINDS = {
    "AWS::SNS::Topic": Kind(create=create_topic, update=update_topic, delete=delete_topic),
    "AWS::SNS::Subscription": Kind(create=create_subscription, delete=delete_subscription),
    "AWS::SNS::TopicPolicy": Kind(create=IGNORED.create, update=ignored_update),
}
