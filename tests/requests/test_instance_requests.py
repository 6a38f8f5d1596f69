"""Requests about instances: Clouddriver's codes, sentences of our own, and what each waits for."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid
from lambdas.requests import problems as windlass_problems
from lambdas.requests.detach_instances import DetachInstances
from lambdas.requests.discovery import DisableInstancesInDiscovery, EnableInstancesInDiscovery
from lambdas.requests.of_instances import guards_of_instances
from lambdas.requests.reboot_instances import RebootInstances
from lambdas.requests.registrations import DeregisterInstancesFromLoadBalancer, RegisterInstancesWithLoadBalancer
from lambdas.requests.terminate_instance_and_decrement_server_group import TerminateInstanceAndDecrementServerGroup
from lambdas.requests.terminate_instances import TerminateInstances
from lambdas.requests.update_instances import UpdateInstances

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
def test_of_what_nobody_says_whose_it_is_the_application_is_never_empty(model: Any, kind: str) -> None:
    """It is a key of the table's index."""
    assert read(model, instanceIds=[ONE]).application == "unowned"
    assert read(model, instanceIds=[ONE], application="").application == "unowned"
    assert read(model, instanceIds=[ONE], application="cart", asgName="shop-v001").application == "cart"
    assert model.of_windlass(OURS | {"serverGroupName": "shop-v001"}).application == "shop"
    assert problems(model, application="")[0].startswith("application: String should have at least 1 character")


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


DECREMENTS = TerminateInstanceAndDecrementServerGroup


def test_what_a_decrement_lacks_is_clouddrivers_codes() -> None:
    kind = "TerminateInstanceAndDecrementAsgDescription"

    assert codes(DECREMENTS) == (f"{kind}.asgName.empty", f"{kind}.instance.empty", f"{kind}.region.empty")
    assert codes(DECREMENTS, asgName="shop-v001", instance=ONE, region="mars-1") == (f"{kind}.region.not.configured",)


def test_a_decrement_is_read_as_orca_sends_it() -> None:
    request = read(DECREMENTS, asgName="shop-v001", instance=ONE, setMaxToNewDesired="true", adjustMinIfNecessary=True)

    assert (request.server_group_name, request.instance) == ("shop-v001", ONE)
    assert (request.set_max_to_new_desired, request.adjust_min_if_necessary) == (True, True)
    assert DECREMENTS.clouddriver_names == {
        "terminateInstanceAndDecrementServerGroup",
        "terminateInstanceAndDecrementAsgDescription",
    }


def test_our_own_door_wants_an_instance_to_decrement_by() -> None:
    body = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001", "instance": "web"}

    with pytest.raises(Invalid, match=r"^instance: 'web' is no instance's id$"):
        DECREMENTS.of_windlass(body)


def test_what_a_detachment_lacks_is_clouddrivers_codes() -> None:
    kind = "DetachInstancesDescription"

    assert codes(DetachInstances, instanceIds=[""]) == (
        f"{kind}.instanceId.invalid",
        f"{kind}.region.empty",
        f"{kind}.asgName.empty",
    )
    assert codes(DetachInstances, asgName="shop-v001", region="us-east-1") == ("instanceIds: is required",)


def test_a_detachment_is_read_as_orca_sends_it() -> None:
    request = read(DetachInstances, asgName="shop-v001", instanceIds=[ONE, ONE], terminateDetachedInstances="true")

    assert (request.server_group_name, request.instance_ids) == ("shop-v001", (ONE,))
    assert (request.terminate_detached_instances, request.decrement_desired_capacity) == (True, False)
    assert request.tolerant
    assert DetachInstances.clouddriver_names == {"detachInstances", "detachInstancesDescription"}


def test_our_own_door_wants_a_detachment_that_makes_sense() -> None:
    assert problems(DetachInstances, serverGroupName="shop-v001", instanceIds=["web"], adjustMinIfNecessary=True) == (
        "instanceIds: 'web' is no instance's id",
        "adjustMinIfNecessary: the minimum matters only with `decrementDesiredCapacity`; say both",
    )


REGISTRATIONS = [RegisterInstancesWithLoadBalancer, DeregisterInstancesFromLoadBalancer]


@pytest.mark.parametrize("model", REGISTRATIONS)
def test_the_key_that_is_there_says_which_description_it_is(model: Any) -> None:
    assert codes(model, loadBalancerNames=["lb"]) == (
        "InstanceLoadBalancerRegistrationDescription.region.empty",
        "InstanceLoadBalancerRegistrationDescription.instanceIds.empty",
    )
    assert codes(model, targetGroupNames=["tg"], instanceIds=[""], region="mars-1") == (
        "InstanceTargetGroupRegistrationDescription.region.not.configured",
        "InstanceTargetGroupRegistrationDescription.instanceId.invalid",
    )


@pytest.mark.parametrize("model", REGISTRATIONS)
def test_a_registration_is_read_as_orca_sends_it(model: Any) -> None:
    classic = read(model, instanceIds=[ONE], loadBalancerNames=["lb", "lb"])
    target = read(model, instanceIds=[ONE], targetGroupNames=["tg"], loadBalancerNames=["lb"])
    group = read(model, instanceIds=[ONE], asgName="shop-v001", loadBalancerNames=["lb"])

    assert (classic.load_balancer_names, classic.target_group_names) == (("lb",), ())
    assert (target.load_balancer_names, target.target_group_names) == ((), ("tg",))
    assert (group.load_balancer_names, group.of_group) == ((), ("loadBalancers",))
    name = model.__name__[0].lower() + model.__name__[1:]
    assert model.clouddriver_names == {name, f"{name}Description"}


@pytest.mark.parametrize("model", REGISTRATIONS)
def test_a_registration_says_with_what(model: Any) -> None:
    missing = ("name loadBalancerNames, targetGroupNames, or a serverGroupName whose load balancers are meant",)

    assert problems(model) == missing
    assert codes(model, region="us-east-1", instanceIds=[ONE]) == missing


def test_only_what_leaves_traffic_can_override_the_traffic_guard() -> None:
    out = read(REGISTRATIONS[1], instanceIds=[ONE], loadBalancerNames=["lb"], overrideTrafficGuard=True)

    assert (out.permissions, out.wait_for) == (("overrideTrafficGuard",), "deregistered")
    assert problems(REGISTRATIONS[0], loadBalancerNames=["lb"], overrideTrafficGuard=True)[0].startswith(
        "overrideTrafficGuard: is not a known field"
    )


def test_what_an_update_lacks_is_clouddrivers_codes() -> None:
    kind = "updateSecurityGroupsDescription"

    assert codes(UpdateInstances, securityGroupsAppendOnly=True) == (
        f"{kind}.name.not.nullable",
        f"{kind}.region.not.nullable",
        f"{kind}.securityGroups.not.nullable",
    )
    assert codes(UpdateInstances, serverGroupName="shop-v001", region="us-east-1") == ("securityGroups: is required",)


def test_an_update_is_read_as_orca_sends_it() -> None:
    request = read(
        UpdateInstances, serverGroupName="shop-v001", securityGroups=["sg-1"], securityGroupsAppendOnly="true"
    )

    assert (request.server_group_name, request.security_groups, request.append_only) == ("shop-v001", ("sg-1",), True)
    assert UpdateInstances.clouddriver_names == {"updateInstances", "updateInstancesDescription"}


def test_our_own_door_wants_security_groups() -> None:
    body = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001"}

    with pytest.raises(Invalid, match="securityGroups: is required"):
        UpdateInstances.of_windlass(body)
    assert UpdateInstances.of_windlass(body | {"securityGroups": ["web"]}).append_only is False


IN_DISCOVERY = [EnableInstancesInDiscovery, DisableInstancesInDiscovery]
EUREKA = Account("test", "123456789012", ("us-east-1",), plays=(("discovery", "ours:Eureka"),))


@pytest.mark.parametrize("model", IN_DISCOVERY)
def test_where_nobody_plays_discovery_it_is_refused_at_both_doors(model: Any) -> None:
    kind = "EnableDisableInstanceDiscoveryDescription"

    assert codes(model, instanceIds=[ONE], region="us-east-1") == (f"{kind}.credentials.discovery.not.configured",)
    assert codes(model) == (
        f"{kind}.region.empty",
        f"{kind}.instanceIds.empty",
        f"{kind}.credentials.discovery.not.configured",
    )
    assert windlass_problems(model.of_windlass(OURS), ACCOUNTS) == (
        "account: test has no service discovery; name an account that has, or say who plays it",
    )
    assert windlass_problems(model.of_windlass(OURS), {"test": EUREKA}) == ()


@pytest.mark.parametrize("model", IN_DISCOVERY)
def test_a_status_in_discovery_is_read_as_orca_sends_it(model: Any) -> None:
    body = {"credentials": "test", "region": "us-east-1", "asgName": "shop-v001", "instanceIds": [ONE]}

    (request,) = model.of_clouddriver(body | {"targetHealthyDeployPercentage": "90"}, {"test": EUREKA})

    assert (request.server_group_name, request.target_healthy_deploy_percentage) == ("shop-v001", 90)
    name = model.__name__[0].lower() + model.__name__[1:]
    assert model.clouddriver_names == {name, f"{name}Description"}
