"""Webhooks, notifications, callbacks and deliveries over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.errors import Transient
from lambdas.push import deliveries, receivers
from lambdas.push.deliveries import DEAD, OPEN, TAKEN, Delivery
from lambdas.push.reach import Reach
from lambdas.rows import Status, item_of
from lambdas.table import Put
from tests.api.http_door import CALLER, Door

SECRET, NEWER = "whsec_" + "QUJD" * 8, "whsec_" + "WFla" * 8
URL = "https://ci.example.com/hook?token=hidden"
HOOK = {"url": URL, "secret": SECRET, "events": ["held", "succeeded"]}
ONE = "/applications/shop/webhooks/ci"
TOPIC = "arn:aws:sns:us-east-1:123456789012:windlass-shop"
TEAM = {"topic": TOPIC, "format": "slack"}
RESIZE = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001", "capacity": {"min": 1}}


def put(door: Door, path: str, body: Any) -> Any:
    return door("PUT", path, body)


def test_a_webhook_is_put_and_read_and_its_secret_is_never_answered(door: Door) -> None:
    made = put(door, ONE, HOOK)

    expected = {
        "application": "shop",
        "name": "ci",
        "url": URL,
        "events": ["held", "succeeded"],
        "by": CALLER,
        "changed": "2023-11-14T22:13:20Z",
        "replaced": None,
        "link": ONE,
    }
    assert (made.status, made.json) == (200, expected)
    assert door.get(ONE).json == expected
    assert door.get("/applications/shop/webhooks").json == {"webhooks": [expected]}
    assert door.get("/applications/mail/webhooks").json == {"webhooks": []}
    assert all(SECRET not in answer.text for answer in (made, door.get(ONE), door.get("/applications/shop/webhooks")))


def test_a_webhook_put_twice_is_put_once_and_without_a_secret_keeps_it(door: Door) -> None:
    put(door, ONE, HOOK)
    put(door, ONE, HOOK)
    put(door, ONE, {"url": "https://other.example.com"})

    hook = receivers.webhook(door.table, "shop", "ci")

    assert hook is not None
    assert (hook.url, hook.secret, hook.former, hook.kinds) == ("https://other.example.com", SECRET, None, ())


def test_a_new_secret_signs_beside_the_one_before_for_a_day(door: Door) -> None:
    put(door, ONE, HOOK)
    replaced = put(door, ONE, HOOK | {"secret": NEWER})
    put(door, ONE, HOOK | {"secret": NEWER})

    hook = receivers.webhook(door.table, "shop", "ci")
    assert hook is not None
    assert replaced.json["replaced"] == "2023-11-14T22:13:20Z"
    assert hook.secrets(door.hub.now()) == (NEWER, SECRET)
    assert hook.secrets(door.hub.now() + 86_400) == (NEWER,)
    assert SECRET not in repr(hook)
    assert NEWER not in repr(hook)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"secret": SECRET}, [{"field": "url", "message": "Field required"}]),
        (HOOK | {"url": "http://ci.example.com"}, [{"field": "url", "message": "the URL is not https://"}]),
        (
            HOOK | {"url": "https://169.254.169.254/"},
            [
                {
                    "field": "url",
                    "message": "169.254.169.254 is 169.254.169.254, which is not public; "
                    "name its network in the stack's localReceivers",
                }
            ],
        ),
        (
            {"url": URL},
            [
                {
                    "field": "secret",
                    "message": "say the secret that signs: whsec_ and base64 of 24 to 64 random bytes",
                }
            ],
        ),
        (
            HOOK | {"secret": "whsec_QUJD"},
            [{"field": "secret", "message": "a secret has 24 to 64 bytes behind whsec_, not 3"}],
        ),
        (HOOK | {"header": "x"}, [{"field": "header", "message": "Extra inputs are not permitted"}]),
    ],
)
def test_a_webhook_that_is_wrong_is_refused_with_what_to_change(door: Door, body: Any, errors: Any) -> None:
    got = put(door, ONE, body)

    assert (got.status, got.json["errors"]) == (400, errors)
    assert door.get("/applications/shop/webhooks").json == {"webhooks": []}


def test_an_event_that_is_none_is_refused(door: Door) -> None:
    got = put(door, ONE, HOOK | {"events": ["done"]})

    assert got.status == 400
    assert got.json["errors"][0]["field"] == "events.0"
    assert "'succeeded'" in got.json["errors"][0]["message"]


def test_a_name_that_is_none_is_refused(door: Door) -> None:
    got = put(door, "/applications/shop/webhooks/a.b", HOOK)

    assert got.status == 400
    assert got.json["errors"] == [{"field": "name", "message": "'a.b' is not 1 to 40 letters, digits, - and _"}]


def test_what_is_not_there_is_404_with_what_to_do(door: Door) -> None:
    hook, team = door.get(ONE), door.get("/applications/shop/notifications/team")

    assert (hook.status, hook.json["detail"]) == (404, "application shop has no webhook ci; PUT makes one")
    assert (team.status, team.json["detail"]) == (404, "application shop has no notification team; PUT makes one")


def test_an_application_has_twenty_receivers_at_most(door: Door) -> None:
    for number in range(20):
        assert put(door, f"/applications/shop/webhooks/w{number}", HOOK).status == 200

    got = put(door, ONE, HOOK)

    assert got.status == 409
    assert got.json["detail"] == "application shop has 20 receivers, which is the most; remove one first"
    assert put(door, "/applications/shop/webhooks/w1", HOOK).status == 200


def test_removing_twice_is_removing_once(door: Door) -> None:
    put(door, ONE, HOOK)

    first, second = door("DELETE", ONE), door("DELETE", ONE)

    assert (first.status, first.json) == (200, {"removed": "webhook.ci"}) == (second.status, second.json)
    assert door.get(ONE).status == 404


def test_a_notification_is_put_read_and_removed(door: Door) -> None:
    path = "/applications/shop/notifications/team"
    made = put(door, path, TEAM | {"events": ["held"]})

    expected = {
        "application": "shop",
        "name": "team",
        "topic": TOPIC,
        "format": "slack",
        "events": ["held"],
        "repository": None,
        "by": CALLER,
        "changed": "2023-11-14T22:13:20Z",
        "link": path,
    }
    assert (made.status, made.json) == (200, expected)
    assert door.get(path).json == expected
    assert door.get("/applications/shop/notifications").json == {"notifications": [expected]}
    assert door("DELETE", path).json == {"removed": "notification.team"}
    assert door.get("/applications/shop/notifications").json == {"notifications": []}


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (
            TEAM | {"topic": "arn:aws:sns:us-east-1:123456789012:ops"},
            "topic",
            "'arn:aws:sns:us-east-1:123456789012:ops' is no ARN of an SNS topic whose name begins with windlass-",
        ),
        (TEAM | {"format": "github"}, "repository", "say which, as owner/name: github needs it"),
        (
            TEAM | {"format": "fax"},
            "format",
            "Input should be 'slack', 'teams', 'pagerduty', 'email', 'github' or 'json'",
        ),
    ],
)
def test_a_notification_that_is_wrong_is_refused(door: Door, body: Any, field: str, message: str) -> None:
    got = put(door, "/applications/shop/notifications/team", body)

    assert (got.status, got.json["errors"]) == (400, [{"field": field, "message": message}])


def submit(door: Door, **headers: str) -> Any:
    return door.post("/operations/resizeServerGroup", RESIZE, headers=headers)


def test_a_request_names_whom_to_tell_of_it(door: Door) -> None:
    got = submit(door, **{"Windlass-Callback": URL, "Windlass-Callback-Secret": SECRET})

    own = receivers.callback(door.table, got.json["id"])
    assert got.status == 202
    assert own is not None
    assert (own.url, own.secret, own.kinds) == (URL, SECRET, ())
    assert SECRET not in got.text
    assert SECRET not in door.get(f"/operations/{got.json['id']}").text


def test_a_request_without_a_callback_has_none(door: Door) -> None:
    assert receivers.callback(door.table, submit(door).json["id"]) is None


@pytest.mark.parametrize(
    ("headers", "field", "message"),
    [
        ({"Windlass-Callback": URL}, "Windlass-Callback-Secret", "say the secret that signs: "),
        (
            {"Windlass-Callback-Secret": SECRET},
            "Windlass-Callback-Secret",
            "it signs nothing without Windlass-Callback",
        ),
        (
            {"Windlass-Callback": "http://10.0.0.1", "Windlass-Callback-Secret": SECRET},
            "Windlass-Callback",
            "the URL is not https://",
        ),
    ],
)
def test_a_callback_that_is_wrong_is_refused_and_nothing_is_accepted(
    door: Door, headers: dict[str, str], field: str, message: str
) -> None:
    got = submit(door, **headers)

    (error,) = got.json["errors"]
    assert (got.status, error["field"]) == (400, field)
    assert error["message"].startswith(message)
    assert SECRET not in got.text
    assert door.rows() == []


def test_a_stack_may_open_its_own_networks(door: Door) -> None:
    door.hub = replace(door.hub, settings=replace(door.hub.settings, reach=Reach.of("127.0.0.0/8")))

    assert put(door, ONE, HOOK | {"url": "http://127.0.0.1:8000/"}).status == 200


def owed(door: Door, **more: Any) -> Delivery:
    operation = str(submit(door).json["id"])
    one = Delivery(operation, 7, "webhook.ci", "shop", **({"since": door.hub.now(), "next": door.hub.now()} | more))
    door.table.write(Put(one.key, item_of(one)))
    return one


def died(door: Door, at: float, app: str = "shop") -> Delivery:
    one = replace(owed(door, tries=30, said="ci.example.com answered 500"), app=app)
    write, dead = deliveries.dead(one, one.said or "", at)
    door.table.write(Put(one.key, item_of(one)))
    door.table.write(write)
    return dead


def view(one: Delivery, **more: Any) -> Any:
    return {
        "operation": one.operation,
        "name": "00000007.webhook.ci",
        "event": f"{one.operation}.7",
        "receiver": "webhook.ci",
        "application": one.app,
        "state": one.state,
        "tries": one.tries,
        "since": "2023-11-14T22:13:20Z",
        "last": None,
        "next": "2023-11-14T22:13:20Z",
        "said": one.said,
        "redeliver": f"/operations/{one.operation}/deliveries/00000007.webhook.ci/redeliver",
    } | more


def test_an_operation_lists_its_deliveries(door: Door) -> None:
    one = owed(door)

    got = door.get(f"/operations/{one.operation}/deliveries")

    assert (got.status, got.json) == (200, {"deliveries": [view(one)], "next": None})
    assert door.get("/operations/nope/deliveries").status == 404


def test_dead_letters_of_an_application_are_listed_latest_first_page_by_page(door: Door) -> None:
    older, newer, other = died(door, 1.0), died(door, 2.0), died(door, 3.0, app="mail")

    whole = door.get("/applications/shop/dead-letters")
    first = door.get("/applications/shop/dead-letters?limit=1")
    second = door.get(f"/applications/shop/dead-letters?limit=1&after={first.json['next']}")

    assert whole.status == 200
    assert whole.json == {"deliveries": [view(one, next=None) for one in (newer, older)], "next": None}
    assert [one["operation"] for one in first.json["deliveries"]] == [newer.operation]
    assert [one["operation"] for one in second.json["deliveries"]] == [older.operation]
    assert [one["operation"] for one in door.get("/applications/mail/dead-letters").json["deliveries"]] == [
        other.operation
    ]


def test_a_dead_letter_is_no_operation_of_its_application(door: Door) -> None:
    one = died(door, 1.0)

    listed = door.get("/operations?application=shop").json["operations"]

    assert [each["id"] for each in listed] == [one.operation]


def test_a_cursor_or_a_parameter_that_is_none_is_refused(door: Door) -> None:
    assert door.get("/applications/shop/dead-letters?after=x").json["errors"][0]["field"] == "after"
    assert door.get("/applications/shop/dead-letters?state=dead").json["errors"][0]["field"] == "state"


@pytest.mark.parametrize("state", [OPEN, TAKEN, DEAD])
def test_any_delivery_is_tried_again_when_asked_for(door: Door, state: str) -> None:
    one = died(door, 1.0) if state == DEAD else owed(door, state=state, tries=4)

    got = door.post(f"/operations/{one.operation}/deliveries/{one.name}/redeliver")

    assert (got.status, got.json) == (200, view(replace(one, state=OPEN, tries=0)))
    assert door.hub.push.asked == [(one.operation, one.name)]  # type: ignore[attr-defined]  # the door's
    assert door.get("/applications/shop/dead-letters").json["deliveries"] == []


def test_a_delivery_that_there_is_not_cannot_be_tried_again(door: Door) -> None:
    one = owed(door)

    got = door.post(f"/operations/{one.operation}/deliveries/00000009.webhook.ci/redeliver")

    assert got.status == 404
    assert got.json["detail"] == (
        f"operation {one.operation} has no delivery 00000009.webhook.ci; "
        f"GET /operations/{one.operation}/deliveries lists them"
    )


@pytest.mark.parametrize("path", [ONE, "/applications/shop/webhooks", "/applications/shop/notifications"])
def test_a_table_that_fails_is_503(door: Door, path: str) -> None:
    door.break_table(Transient("the table is away"))

    assert door.get(path).status == 503


def test_receivers_are_no_open_operations(door: Door) -> None:
    one = owed(door, due=1.0)
    door.ended(one.operation, Status.SUCCEEDED)

    assert door.get("/operations").json["operations"] == []
