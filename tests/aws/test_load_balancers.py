"""What moto does not do: an instance that is deregistered drains for minutes and is listed meanwhile."""

from typing import Any

from lambdas.aws.load_balancers import LoadBalancers

ARN = "arn:aws:elasticloadbalancing:targets"


class Draining:
    """A client of ELBv2, and of classic load balancers."""

    def describe_target_health(self, **_: str) -> dict[str, Any]:
        states = {"i-1": {"State": "healthy"}, "i-2": {"State": "draining"}, "i-3": {"State": "initial"}}
        return {
            "TargetHealthDescriptions": [{"Target": {"Id": one}, "TargetHealth": is_} for one, is_ in states.items()]
        }

    def describe_instance_health(self, **_: str) -> dict[str, Any]:
        said = {"i-1": "N/A", "i-2": "Instance deregistration currently in progress."}
        return {
            "InstanceStates": [
                {"InstanceId": one, "State": "InService", "Description": description}
                for one, description in said.items()
            ]
        }


def balancers() -> LoadBalancers:
    client: Any = Draining()
    return LoadBalancers(client, client)


def test_a_target_that_drains_is_registered_no_more() -> None:
    registered = balancers().target_health(ARN)

    assert [(one.instance, one.healthy) for one in registered] == [("i-1", True), ("i-3", False)]
    assert balancers().draining(ARN) == ("i-2",)


def test_nor_is_an_instance_that_a_classic_load_balancer_still_calls_in_service() -> None:
    registered = balancers().classic_health("shop-classic")

    assert [(one.instance, one.healthy) for one in registered] == [("i-1", True)]
    assert balancers().draining_classic("shop-classic") == ("i-2",)
