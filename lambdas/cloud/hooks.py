"""Lifecycle hooks of a server group that exists."""

from abc import abstractmethod

from lambdas.cloud import LifecycleHook
from lambdas.nouns import Noun, changes


class Hooks(Noun):
    noun, service = "hooks", "autoscaling"
    adapter = "lambdas.aws.hooks:AutoScalingHooks"

    @abstractmethod
    @changes("autoscaling:PutLifecycleHook")
    def put(self, group: str, hook: LifecycleHook, over: LifecycleHook | None = None) -> None:
        """Create, or replace the one of that name that stands: `over`. Raises NotFound for the group."""

    @abstractmethod
    @changes("autoscaling:DeleteLifecycleHook")
    def delete(self, group: str, name: str) -> None:
        """Raises NotFound for the hook, and for the group."""
