"""What moto does not do: a target that is deregistered drains for minutes and is listed meanwhile."""

from typing import Any

from lambdas.aws.load_balancers import LoadBalancers


class Draining:
    """An ELBv2 client."""

    def describe_target_health(self, **_: str) -> dict[str, Any]:
        states = {"i-1": {"State": "healthy"}, "i-2": {"State": "draining"}, "i-3": {"State": "initial"}}
        return {
            "TargetHealthDescriptions": [{"Target": {"Id": one}, "TargetHealth": is_} for one, is_ in states.items()]
        }


def test_a_target_that_drains_is_registered_no_more() -> None:
    client: Any = Draining()

    registered = LoadBalancers(client, client).target_health("arn:aws:elasticloadbalancing:targets")

    assert [(one.instance, one.healthy) for one in registered] == [("i-1", True), ("i-3", False)]
