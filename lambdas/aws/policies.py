"""Scaling policies on EC2 Auto Scaling."""

from typing import TYPE_CHECKING

from lambdas import nouns
from lambdas.aws import specifications
from lambdas.aws.scaling import POLICY, TRACKING
from lambdas.cloud.policies import Policies, Policy
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient

SERVICE = "autoscaling"


class AutoScalingPolicies(Policies):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: AutoScalingClient = clients[SERVICE]

    def find(self, group: str, name: str) -> Policy:
        with translating(SERVICE, _what(group, name)):
            answer = self._client.describe_policies(AutoScalingGroupName=group, PolicyNames=[name])
        if not (found := answer["ScalingPolicies"]):
            raise NotFound(f"{_what(group, name)}: there is none")
        one = found[0]
        own = one.get("PolicyType") == TRACKING
        alarms = () if own else tuple(sorted(alarm["AlarmName"] for alarm in one.get("Alarms", ())))
        return Policy(name, specifications.written(one, POLICY), one["PolicyARN"], alarms)

    def put(self, group: str, name: str, specification: str) -> str:
        with translating(SERVICE, _what(group, name)):
            made = self._client.put_scaling_policy(
                AutoScalingGroupName=group, PolicyName=name, **specifications.read(specification)
            )
        return made["PolicyARN"]

    def delete(self, group: str, name: str) -> None:
        with translating(SERVICE, _what(group, name)):
            self._client.delete_policy(AutoScalingGroupName=group, PolicyName=name)


def _what(group: str, name: str) -> str:
    return f"group {group}, scaling policy {name}"
