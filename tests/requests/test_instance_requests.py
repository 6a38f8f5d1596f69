"""Requests about instances: Clouddriver's codes, sentences of our own, and what each waits for."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid
from lambdas.requests.of_instances import guards_of_instances
from lambdas.requests.reboot_instances import RebootInstances
from lambdas.requests.terminate_instances import TerminateInstances

ACCOUNTS = {"test": Account("test", "123456789012", ("us-east-1", "us-west-1"))}
ONE, OTHER = "i-0123456789abcdef0", "i-0123456789abcdef1"
OF_INSTANCES = [(RebootInstances, "RebootInstancesDescription"), (TerminateInstances, "TerminateInstancesDescription")]
OURS = {"account": "test", "region": "us-east-1", "instanceIds": [ONE]}


def codes(model: Any, **description: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_clouddriver({"credentials": "test"} | description, ACCOUNTS)
    return caught.value.codes


def read(model: Any, **description: Any) -> Any:
    (request,) = model.of_clouddriver({"credentials": "test", "region": "us-east-1"} | description, ACCOUNTS)
    return request


def problems(model: Any, **fields: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_windlass(OURS | fields)
    return caught.value.codes


@pytest.mark.parametrize(("model", "kind"), OF_INSTANCES)
def test_a_blank_instance_and_a_strange_region_are_clouddrivers_codes(model: Any, kind: str) -> None:
    assert codes(model, instanceIds=[ONE, ""]) == (f"{kind}.instanceId.invalid", f"{kind}.region.empty")
    assert codes(model, instanceIds=[ONE], region="mars-1") == (f"{kind}.region.not.configured",)


def test_no_instance_is_clouddrivers_code_where_it_has_one() -> None:
    here = {"region": "us-east-1", "instanceIds": []}

    assert codes(RebootInstances, **here) == ("RebootInstancesDescription.instanceIds.empty",)
    assert codes(TerminateInstances, **here) == ("instanceIds: is required",)


@pytest.mark.parametrize(("model", "kind"), OF_INSTANCES)
def test_orcas_whole_context_is_read_past(model: Any, kind: str) -> None:
    request = read(model, instanceIds=[ONE, ONE, OTHER], asgName="shop-prod-v001", **{"kato.tasks": ["x" * 200_000]})

    assert request.instance_ids == (ONE, OTHER)
    assert (request.application, request.cluster) == ("shop", "test/us-east-1/shop-prod")
    assert {model.__name__[0].lower() + model.__name__[1:], kind[0].lower() + kind[1:]} == model.clouddriver_names


@pytest.mark.parametrize(("model", "kind"), OF_INSTANCES)
def test_our_own_door_says_what_is_wrong(model: Any, kind: str) -> None:
    assert problems(model, instanceIds=[]) == (
        "instanceIds: Tuple should have at least 1 item after validation, not 0",
    )
    assert problems(model, instanceIds=["web-1"]) == ("instanceIds: 'web-1' is no instance's id",)
    assert problems(model, instances=[ONE]) == ("instances: is not a known field; did you mean instanceIds?",)


def test_the_server_group_that_is_named_is_guarded_else_each_instance() -> None:
    def guards(**fields: Any) -> tuple[str, ...]:
        return guards_of_instances(RebootInstances.model_validate(OURS | fields))

    assert guards(serverGroupName="shop-v001") == ("test/us-east-1/serverGroup/shop-v001",)
    assert guards(instanceIds=[ONE, OTHER]) == (f"test/us-east-1/instance/{ONE}", f"test/us-east-1/instance/{OTHER}")


def test_to_override_the_traffic_guard_is_a_permission_of_its_own() -> None:
    assert read(TerminateInstances, instanceIds=[ONE]).permissions == ()
    assert read(TerminateInstances, instanceIds=[ONE], overrideTrafficGuard="true").permissions == (
        "overrideTrafficGuard",
    )
