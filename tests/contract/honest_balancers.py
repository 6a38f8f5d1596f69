"""moto's load balancers, made to refuse what ELB refuses: names and ports that are taken, what is protected or gone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from moto.elb.exceptions import ELBClientError as ClassicError
from moto.elb.exceptions import LoadBalancerNotFoundError, PolicyNotFoundError
from moto.elb.models import ELBBackend
from moto.elb.responses import ELBResponse
from moto.elbv2.exceptions import (
    DuplicateListenerError,
    DuplicateLoadBalancerName,
    ELBClientError,
    ListenerNotFoundError,
)
from moto.elbv2.exceptions import (
    LoadBalancerNotFoundError as NoBalancer,
)
from moto.elbv2.models import ELBv2Backend

Check = Callable[..., Exception | None]


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    for method, check in (
        ("create_load_balancer", _taken),
        ("create_listener", _occupied),
        ("delete_load_balancer", _protected),
        ("describe_load_balancers", _missing),
        ("describe_listeners", _gone),
    ):
        monkeypatch.setattr(ELBv2Backend, method, _checked(getattr(ELBv2Backend, method), check))
    monkeypatch.setattr(ELBBackend, "get_load_balancer", _classic)
    monkeypatch.setattr(ELBBackend, "delete_load_balancer_listeners", _without)
    monkeypatch.setattr(ELBv2Backend, "modify_listener", _keeping_certificates(ELBv2Backend.modify_listener))
    of_listener = "set_load_balancer_policies_of_listener"
    monkeypatch.setattr(ELBResponse, of_listener, _of_known(getattr(ELBResponse, of_listener)))
    for method in ("create_load_balancer_listeners", "set_load_balancer_listener_ssl_certificate"):
        monkeypatch.setattr(ELBBackend, method, _checked(getattr(ELBBackend, method), _nowhere))


def _classic(backend: Any, load_balancer_name: str) -> Any:
    """moto fails with an error of Python's where there is none."""
    if load_balancer_name not in backend.load_balancers:
        raise LoadBalancerNotFoundError(load_balancer_name)
    return backend.load_balancers[load_balancer_name]


def _nowhere(backend: Any, name: str, *_: Any, **__: Any) -> Exception | None:
    return None if name in backend.load_balancers else LoadBalancerNotFoundError(name)


def _keeping_certificates(method: Callable[..., Any]) -> Any:
    """moto forgets those besides the default one."""

    @wraps(method)
    def modify(backend: Any, arn: str, *given: Any, **named: Any) -> Any:
        before = backend.describe_listeners(load_balancer_arn=None, listener_arns=[arn])[0].certificates[1:]
        listener = method(backend, arn, *given, **named)
        listener.certificates += [one for one in before if one not in listener.certificates]
        return listener

    return modify


def _of_known(method: Callable[..., Any]) -> Any:
    """moto takes policies and ports that there are not."""

    @wraps(method)
    def set_policies(response: Any) -> Any:
        balancer = response.elb_backend.get_load_balancer(response._get_param("LoadBalancerName"))
        ports = {int(one.load_balancer_port) for one in balancer.listeners}
        if int(response._get_param("LoadBalancerPort")) not in ports:
            raise ClassicError("ListenerNotFound", "There is no listener at that port")
        if set(response._get_param("PolicyNames", [])) - {one.policy_name for one in balancer.policies}:
            raise PolicyNotFoundError
        return method(response)

    return set_policies


def _without(backend: Any, name: str, ports: list[int]) -> Any:
    """moto doubles listeners where several ports are named."""
    balancer = backend.get_load_balancer(name)
    balancer.listeners = [one for one in balancer.listeners if int(one.load_balancer_port) not in ports]
    return balancer


def _checked(method: Callable[..., Any], check: Check) -> Any:
    @wraps(method)
    def checked(backend: Any, *given: Any, **named: Any) -> Any:
        if refused := check(backend, *given, **named):
            raise refused
        return method(backend, *given, **named)

    return checked


def _taken(backend: Any, name: str, *_: Any, **__: Any) -> Exception | None:
    known = any(one.name == name for one in backend.load_balancers.values())
    return DuplicateLoadBalancerName() if known else None


def _occupied(backend: Any, load_balancer_arn: str, protocol: str, port: Any, *_: Any, **__: Any) -> Exception | None:
    balancer = backend.load_balancers.get(load_balancer_arn)
    ports = {str(one.port) for one in balancer.listeners.values()} if balancer else set()
    return DuplicateListenerError() if str(port) in ports else None


def _protected(backend: Any, arn: str) -> Exception | None:
    balancer = backend.load_balancers.get(arn)
    protected = balancer is not None and balancer.attrs["deletion_protection.enabled"] == "true"
    said = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
    return ELBClientError("OperationNotPermitted", said) if protected else None


def _missing(backend: Any, arns: Any, names: Any) -> Exception | None:
    """moto answers with the one that it found before."""
    known = {one.name for one in backend.load_balancers.values()}
    return NoBalancer() if set(names or ()) - known else None


def _gone(backend: Any, load_balancer_arn: Any, listener_arns: Any) -> Exception | None:
    known = {arn for one in backend.load_balancers.values() for arn in one.listeners}
    return ListenerNotFoundError() if set(listener_arns or ()) - known else None
