"""No secret leaves: planted wherever a request can carry one, in every operation, however it ends."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from lambdas import accounts
from lambdas.rows import Status
from rehearsal import scenarios
from rehearsal.fake_cloud import seeds
from rehearsal.fake_cloud.place import ALWAYS
from rehearsal.fake_cloud.stacks import BREAKS, BROKEN
from rehearsal.scenarios.create_server_group import CREATE, CREATES, CREATES_SICK
from rehearsal.scenarios.deploy_cloud_formation import UPDATES
from rehearsal.scenarios.region import ACCOUNT, NEIGHBOUR, REGION
from rehearsal.trials import Scenario
from tests.rehearsal.planting import (
    CALLBACK,
    CALLING,
    FORMER,
    HOLDERS,
    PARAMETER,
    SECRETS,
    STANDING,
    TEMPLATE,
    UNKNOWN,
    USER_DATA,
    WEBHOOK,
    WEBHOOK_URL,
    Lines,
    PlantedWorld,
    bug,
    found,
    listening,
    never,
    planted,
    routes_that_read,
    said_by_the_cloud,
    signing,
    strike,
    text_of,
)

Prepared = Callable[[PlantedWorld], object]
DEPLOY = {
    "credentials": ACCOUNT,
    "application": "shop",
    "stack": "prod",
    "amiName": CREATE["image"],
    "instanceType": "m5.large",
    "availabilityZones": {REGION: []},
    "capacity": {"min": 1, "desired": 1, "max": 1},
    "password": UNKNOWN,
}
PLAYS = {"done": None, "refused": said_by_the_cloud, "stumbled": bug, "parked": never}
HOOK = "/applications/shop/webhooks/ci"
HOOKS = ("GET /applications/shop/webhooks", f"GET {HOOK}", f"PUT {HOOK}")
"""Routes that answer a webhook's address, to whoever may read the application; its secret never."""
TOKEN = re.compile(r"[a-z0-9-]{26,}/token/")
"""Of tasks, as the rehearsed Step Functions gives them out."""
PARAMETERS = {
    "account": ACCOUNT,
    "region": REGION,
    "application": "shop",
    "cluster": "shop-prod",
    "kind": "serverGroup",
    "name": NEIGHBOUR,
    "operation_type": "createServerGroup",
}


@pytest.mark.parametrize("play", PLAYS)
@pytest.mark.parametrize("scenario", scenarios.named(scenarios.PLAIN), ids=lambda one: one.name)
def test_no_secret_of_an_operation_leaves(scenario: Scenario, play: str) -> None:
    with listening() as lines:
        world, operation = played(scenario, play)

    assert world.over(operation)
    assert leaks(world, lines) == []
    assert [where for where, text in told(world, lines) if TOKEN.search(text)] == []


def test_what_sick_instances_print_is_shown_without_the_secrets_that_they_were_given() -> None:
    with listening() as lines:
        world, operation = played(CREATES_SICK, "done", prepared=confessing)

    assert world.control(operation).status is Status.ROLLED_BACK
    assert "vault" in world.ask("GET", f"/operations/{operation}/evidence").text
    assert leaks(world, lines) == []


@pytest.mark.parametrize("stack", ["shop-queues", "shop-topics"])
def test_a_stack_that_fails_tells_why_without_the_values_of_its_parameters(stack: str) -> None:
    template = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Comment": BREAKS}}})
    request = UPDATES.request | {"stackName": stack, "templateBody": template}

    with listening() as lines:
        world, operation = played(replace(UPDATES, request=request), "done")

    assert BROKEN in str(world.control(operation).error)
    assert leaks(world, lines) == []


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", "/operations/createServerGroup", {"userData": {"text": USER_DATA}, "password": UNKNOWN}),
        ("POST", "/operations/createServerGroup", {**CREATE, "userData": f"no base64: {USER_DATA}"}),
        ("POST", "/operations/createServerGroup?dryRun", {**CREATE, "capacity": {"min": UNKNOWN}}),
        ("POST", "/operations/deployCloudFormation", {"parameters": [PARAMETER], "templateBody": 3 * TEMPLATE}),
        ("POST", "/aws/ops", [{"createServerGroup": {"base64UserData": USER_DATA, "password": UNKNOWN}}]),
        ("POST", "/aws/ops", [{"createServerGroup": {**DEPLOY, "base64UserData": text_of(USER_DATA)}}]),
        ("POST", "/aws/ops/createServerGroup", {**DEPLOY, "base64UserData": f"no base64: {USER_DATA}"}),
        ("POST", "/aws/ops", [{UNKNOWN: {}}, UNKNOWN]),
        ("POST", "/operations/anything/signals", {"signal": UNKNOWN, "reason": UNKNOWN}),
        ("PUT", HOOK, {"url": f"ftp://{WEBHOOK_URL}", "secret": WEBHOOK}),
        ("PUT", HOOK, {"url": "https://hooks.example.com/", "secret": f"whsec_{WEBHOOK}", "token": UNKNOWN}),
    ],
)
def test_what_is_refused_repeats_no_secret(method: str, target: str, body: object) -> None:
    world = PlantedWorld()
    CREATES.prepare(world)

    with listening() as lines:
        world.ask(method, target, body, {"Windlass-Callback-Secret": CALLBACK, "X-Unknown": UNKNOWN})

    assert leaks(world, lines) == []


def test_what_is_looked_for_is_found_however_it_is_written() -> None:
    for secret in SECRETS:
        for said in (secret, json.dumps([secret]), quote(secret), text_of(secret), signing(secret), repr([secret])):
            assert secret in found(f"before {said} after"), said


def played(scenario: Scenario, play: str, *, prepared: Prepared = lambda world: None) -> tuple[PlantedWorld, str]:
    """The operation from its request to its end, and every route that tells of it."""
    world = replace(scenario, makes=PlantedWorld).world(recorded=True)
    assert isinstance(world, PlantedWorld)
    prepared(world)
    standing_secrets(world)
    opted_in_wholly(world)
    request = planted(scenario, scenario.saga(world))
    configured(world)
    world.ask("POST", f"/operations/{scenario.operation}?dryRun", request)
    if (kind := PLAYS[play]) is not None:
        strike(world, kind, times=1 if play == "stumbled" else None)
    answered = world.ask("POST", f"/operations/{scenario.operation}", request, CALLING)
    assert answered.status == 202, answered.text
    operation = answered.json["id"]
    to_its_end(world, operation)
    return world, operation


def standing_secrets(world: PlantedWorld) -> None:
    """User data of what stands there already, which a clone copies and an update reads."""
    for place in world.cloud.places():
        for name, template in place.templates.things.items():
            place.templates.put(name, replace(template, user_data=text_of(STANDING)), ALWAYS)


def opted_in_wholly(world: PlantedWorld) -> None:
    """With a service discovery, which some operations are refused without."""
    account = accounts.find(world.table, ACCOUNT)
    assert account is not None
    accounts.put(world.table, replace(account, plays=(("discovery", "our_eureka:Eureka@https://eureka.internal"),)))


def confessing(world: PlantedWorld) -> None:
    """Instances print what they were told to do."""
    world.cloud.place(ACCOUNT, REGION).consoles[seeds.BAD_IMAGE] = f"+ vault login {USER_DATA}\nvault: denied\n"


def configured(world: PlantedWorld) -> None:
    hook = {"url": f"https://hooks.example.com/{quote(WEBHOOK_URL, safe='')}", "secret": signing(FORMER)}
    assert world.ask("PUT", HOOK, hook).status == 200
    assert world.ask("PUT", HOOK, hook | {"secret": signing(WEBHOOK)}).status == 200


def to_its_end(world: PlantedWorld, operation: str) -> None:
    world.run(operation, until=lambda: world.held(operation))
    while not world.over(operation):
        world.faults.lift()
        everything_told(world, operation)
        decision = {"signal": "decide", "decision": "abandon", "reason": "rehearsed"}
        world.ask("POST", f"/operations/{operation}/signals", decision)
        world.run(operation)
    world.faults.lift()
    world.clock.drain(1200)
    everything_told(world, operation)


def everything_told(world: PlantedWorld, operation: str) -> None:
    """The answer of every route that changes nothing; a route with another parameter has to be given a value here."""
    values = {**PARAMETERS, "operation": operation, "task": operation}
    for path in routes_that_read():
        world.ask("GET", path.format_map(values | ({"name": "ci"} if "webhooks" in path else {})))


def leaks(world: PlantedWorld, lines: Lines) -> list[str]:
    everything = list(left(world, lines))
    if not any(found("\n".join(text for _, text in everything))):
        return []
    return [f"{secret} in {where}" for where, text in everything for secret in found(text)]


def left(world: PlantedWorld, lines: Lines) -> Iterator[tuple[str, str]]:
    """All that leaves, and where it stands."""
    yield from told(world, lines)
    for execution in world.machines.executions.values():
        for event in execution.history or []:
            yield f"history: {event['type']}", json.dumps(event)
        yield "execution", json.dumps([execution.error, execution.cause])
    for row in world.table.rows():
        if not row["sk"].startswith(HOLDERS):
            yield f"row {row['pk']} {row['sk']}", json.dumps(row)


def told(world: PlantedWorld, lines: Lines) -> Iterator[tuple[str, str]]:
    """What people and programs outside see."""
    yield from ((f"log: {line}", line) for line in lines.kept)
    yield from (
        (asked, text.replace(quote(WEBHOOK_URL, safe=""), "") if asked in HOOKS else text)
        for asked, text in world.answers
    )
    yield from (("bus", event.model_dump_json()) for event in world.heard)
    yield from (("book", body.decode()) for body in world.shelf.pages.values())
    yield from (("letter", json.dumps([dict(headers), body])) for _, headers, body in world.outside.got)
