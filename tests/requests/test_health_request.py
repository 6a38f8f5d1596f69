"""What a caller may say of health, and what of it cannot be."""

from datetime import timedelta
from typing import Any

import pytest

from lambdas.requests import Invalid, Request
from lambdas.requests.create_server_group import CreateServerGroup
from lambdas.requests.enable_server_group import EnableServerGroup
from lambdas.requests.health import NO_HTTP
from lambdas.requests.resize_server_group import ResizeServerGroup
from rehearsal.scenarios import CREATE, WHERE

GROUP = {**WHERE, "serverGroupName": "shop-prod-v001"}
BODIES: list[tuple[type[Request], dict[str, Any]]] = [
    (CreateServerGroup, CREATE),
    (EnableServerGroup, GROUP),
    (ResizeServerGroup, GROUP | {"capacity": {"desired": 3}}),
]


def refused(model: type[Request], body: dict[str, Any], **fields: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_windlass(body | fields)
    return caught.value.codes


@pytest.mark.parametrize(("model", "body"), BODIES)
def test_who_judges_how_many_and_for_how_long(model: type[Any], body: dict[str, Any]) -> None:
    said = {"providers": ["asg", "targetGroup"], "ignore": ["elb"], "percentage": 75, "stableFor": "PT90S"}

    request = model.of_windlass(body | {"health": said, "onUnhealthy": "PARK"})

    assert request.health.judges == ("asg", "targetGroup")
    assert (request.health.percentage, request.health.stable_for) == (75, timedelta(seconds=90))
    assert request.on_unhealthy == "PARK"


@pytest.mark.parametrize(
    ("said", "judges"),
    [
        ({}, ("asg", "targetGroup", "elb")),
        ({"ignore": ["elb"]}, ("asg", "targetGroup")),
        ({"providers": ["elb", "asg"]}, ("asg", "elb")),
        ({"providers": []}, ()),
    ],
)
def test_all_judge_unless_some_are_named_or_ignored(said: dict[str, Any], judges: tuple[str, ...]) -> None:
    health = EnableServerGroup.of_windlass(GROUP | {"health": said}).health

    assert health is not None
    assert health.judges == judges


@pytest.mark.parametrize(("model", "body"), BODIES)
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"health": {"providers": ["http"]}}, f"health.providers.0: {NO_HTTP}"),
        ({"health": {"ignore": ["http"]}}, f"health.ignore.0: {NO_HTTP}"),
        ({"health": {"providers": ["eureka"]}}, "health.providers.0: should be 'asg', 'targetGroup' or 'elb'"),
        ({"health": {"percentage": 101}}, "health.percentage: should be less than or equal to 100"),
        ({"health": {"percentage": -1}}, "health.percentage: should be greater than or equal to 0"),
        ({"health": {"stableFor": -1}}, "health.stableFor: should be greater than or equal to 0 seconds"),
        (
            {"health": {"providers": ["asg"], "ignore": ["asg"]}},
            "health: asg is in providers and in ignore; leave it out of one of them",
        ),
        (
            {"health": {"ignore": ["asg", "targetGroup", "elb"]}},
            "health: ignore leaves nobody to judge; say providers [] to count instances only",
        ),
        (
            {"health": {"stableFor": 600}, "healthyWithin": 600},
            "health.stableFor (600 s) must be shorter than healthyWithin (600 s): it is a part of it",
        ),
    ],
)
def test_what_cannot_be_is_said_with_its_field(
    model: type[Request], body: dict[str, Any], fields: dict[str, Any], sentence: str
) -> None:
    assert refused(model, body, **fields) == (sentence,)


@pytest.mark.parametrize(("model", "body"), BODIES)
@pytest.mark.parametrize("fields", [{"health": {}}, {"onUnhealthy": "PARK"}])
def test_nobody_who_does_not_wait_says_anything_of_health(
    model: type[Request], body: dict[str, Any], fields: dict[str, Any]
) -> None:
    earlier = "registered" if model is EnableServerGroup else "created"

    assert refused(model, body, waitFor=earlier, **fields) == (
        f"health, onUnhealthy: nobody waits for health with waitFor {earlier}; leave one out",
    )


@pytest.mark.parametrize(("model", "body"), BODIES[1:])
def test_only_a_new_group_is_kept_out_of_traffic(model: type[Request], body: dict[str, Any]) -> None:
    assert refused(model, body, onUnhealthy="KEEP_DISABLED") == ("onUnhealthy: should be 'ROLL_BACK' or 'PARK'",)


@pytest.mark.parametrize("start", [{"startDisabled": True}, {"suspendedProcesses": ["AddToLoadBalancer"]}])
def test_load_balancers_do_not_judge_what_is_kept_from_them(start: dict[str, Any]) -> None:
    assert refused(CreateServerGroup, CREATE, health={"ignore": ["asg"]}, **start) == (
        "health: no load balancer judges a group that starts disabled; let asg count",
    )
