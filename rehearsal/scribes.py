"""`lambdas.scribe` for fake clouds: they answer reads, and AWS's real adapters say which calls a change would be."""

import importlib
from collections.abc import Mapping
from typing import Any

from lambdas import families, nouns, scribe
from lambdas.cloud import Cloud
from lambdas.redaction import redacted
from lambdas.scribe import Clients, Notes
from lambdas.values import changed

ADAPTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "groups": ("lambdas.aws.groups:Groups", ("autoscaling",)),
    "launch_templates": ("lambdas.aws.launch_templates:LaunchTemplates", ("ec2",)),
    "images": ("lambdas.aws.images:Images", ("ec2", "ssm")),
    "instances": ("lambdas.aws.instances:Instances", ("ec2",)),
    "network": ("lambdas.aws.network:Network", ("ec2",)),
    "load_balancers": ("lambdas.aws.load_balancers:LoadBalancers", ("elbv2", "elb")),
    "scaling": ("lambdas.aws.scaling:Scaling", ("autoscaling", "cloudwatch")),
}
"""As `lambdas.sessions` makes them, by port."""


class Silent(dict[str, Any]):
    """Clients that answer nothing: what an adapter reads before it changes something, a fake cloud cannot tell it."""

    def __missing__(self, service: str) -> Any:
        return None


def noting(cloud: Cloud) -> tuple[Cloud, Notes]:
    """The cloud in the hands of a scribe, and what he has noted."""
    notes = Notes()
    return _over(cloud, notes), notes


def _over(cloud: Cloud, notes: Notes) -> Cloud:
    def noted(name: str, port: Any) -> Any:
        return Port(notes, cloud.account_id, name, port)

    def reach(account: str) -> Cloud:
        return _over(cloud.reach(account), notes)

    ports: dict[str, Any] = {name: noted(name, getattr(cloud, name)) for name in families.SERVICES}
    return changed(scribe.idle(cloud), **ports, more=cloud.more.through(noted), reach=reach)


class Port:
    """A port: reads go through, a change is its adapter's over clients that only take notes."""

    def __init__(self, notes: Notes, account: str, name: str, port: Any) -> None:
        self._notes, self._account, self._name, self._port = notes, account, name, port

    def __getattr__(self, method: str) -> Any:
        if not families.family_of(f"{self._name}.{method}").endswith("changes"):
            return getattr(self._port, method)

        def change(*given: Any, **named: Any) -> Any:
            known = len(self._notes.calls)
            try:
                return getattr(_adapter(self._name, Clients(self._notes, self._account, Silent())), method)(
                    *given, **named
                )
            except (LookupError, TypeError, AttributeError):
                if len(self._notes.calls) == known:
                    self._notes.words.append(f"{self._name}.{method} {_said(given)}")
            return None

        return change


def _adapter(name: str, clients: Clients) -> Any:
    if name in ADAPTERS:
        reference, services = ADAPTERS[name]
        return _named(reference)(*(clients[service] for service in services))
    return _named(nouns.NOUNS[name].adapter)(clients)


def _named(reference: str) -> Any:
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


def _said(given: tuple[Any, ...]) -> str:
    return ", ".join(redacted(str(one)) for one in given if isinstance(one, str | int | float | tuple))
