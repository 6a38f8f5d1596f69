"""Who calls, at either door, and what cannot be pretended."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambdas.api.caller import caller_of, trace_of
from lambdas.api.certificates import CERTIFICATES, Holder, Names, holders_in
from lambdas.api.doors import Doors
from lambdas.api.problems import Problem
from lambdas.authority import Authority
from lambdas.engine.intake import Caller
from tests.api.http_door import Door, now, presented

ORCA = "arn:aws:iam::123456789012:role/orca"
IAM, MUTUAL_TLS = "iam-api", "certificates-api"
NAMES = Names("C=US,O=Example,CN=orca", "C=US,O=Example,CN=Example CA")
CI = Names("C=US,O=Example,CN=ci", NAMES.issuer)
HOLDERS = {NAMES: Holder("orca", delegate=True), CI: Holder("ci")}
RESIZE = {
    "account": "test",
    "region": "us-east-1",
    "serverGroupName": "shop-prod-v001",
    "capacity": {"min": 1, "desired": 2, "max": 3},
}


def event(arn: str | None = None, *, api: str = IAM, certificate: Any = None, **headers: str) -> dict[str, Any]:
    identity = {"userArn": arn, "clientCert": certificate}
    return {"requestContext": {"apiId": api, "identity": identity}, "headers": headers}


def asks(given: dict[str, Any], doors: Doors | None = None) -> Caller:
    return caller_of(given, doors or Doors(IAM, MUTUAL_TLS, (), HOLDERS), now)


def refusal(given: dict[str, Any], doors: Doors | None = None) -> str:
    with pytest.raises(Problem) as refused:
        asks(given, doors)
    assert refused.value.status == 403
    return refused.value.detail


def test_all_sessions_of_a_role_are_one_caller() -> None:
    sessions = [f"arn:aws:sts::123456789012:assumed-role/orca/{name}" for name in ("i-1", "i-2")]

    assert {asks(event(arn)).principal for arn in sessions} == {ORCA}


@pytest.mark.parametrize(
    ("delegates", "user"), [((), None), ((ORCA,), "ann"), (("arn:aws:iam::*:role/orca",), "ann"), (("*gate*",), None)]
)
def test_the_named_user_counts_only_from_delegates(delegates: tuple[str, ...], user: str | None) -> None:
    assert asks(event(ORCA, **{"x-spinnaker-user": "ann"}), Doors(IAM, delegates=delegates)).user == user


@pytest.mark.parametrize("context", [{}, {"identity": None}, {"identity": {"userArn": None}}])
def test_nobody_is_refused(context: dict[str, Any]) -> None:
    assert "sign it" in refusal({"requestContext": {"apiId": IAM, **context}, "headers": None})


def test_a_certificate_is_its_holder() -> None:
    assert asks(event(api=MUTUAL_TLS, certificate=presented(CI))) == Caller("certificate:ci")


@pytest.mark.parametrize(("names", "user"), [(NAMES, "ann"), (CI, None)])
def test_behind_a_certificate_too_only_delegates_speak_for_a_user(names: Names, user: str | None) -> None:
    given = event(api=MUTUAL_TLS, certificate=presented(names), **{"X-Spinnaker-User": "ann"})

    assert asks(given) == Caller(f"certificate:{HOLDERS[names].name}", user)


def test_a_delegate_of_iam_is_none_by_a_certificate_that_is_called_like_it() -> None:
    doors = Doors(IAM, MUTUAL_TLS, ("*",), HOLDERS)

    assert asks(event(api=MUTUAL_TLS, certificate=presented(CI), **{"X-Spinnaker-User": "ann"}), doors).user is None


@pytest.mark.parametrize(
    "names",
    [
        Names("C=US,O=Example,CN=mallory", NAMES.issuer),
        Names(NAMES.subject, "C=US,O=Other,CN=Example CA"),
        Names(NAMES.subject.lower(), NAMES.issuer),
        Names(NAMES.issuer, NAMES.subject),
        Names("", ""),
    ],
)
def test_a_certificate_of_nobody_is_refused_with_what_to_add(names: Names) -> None:
    said = refusal(event(api=MUTUAL_TLS, certificate=presented(names)))

    assert f"subject {names.subject!r}, issuer {names.issuer!r}" in said
    assert f"added to {CERTIFICATES}" in said


@pytest.mark.parametrize(
    "validity",
    [
        {"notBefore": "Nov 15 00:00:00 2023 GMT", "notAfter": "Nov 15 00:00:00 2024 GMT"},
        {"notBefore": "Nov  1 00:00:00 2022 GMT", "notAfter": "Nov 14 00:00:00 2023 GMT"},
        {"notBefore": "Nov 14 00:00:00 2023 GMT"},
        {"notBefore": "soon", "notAfter": "later"},
        None,
    ],
)
def test_a_certificate_whose_time_is_not_now_is_refused(validity: Any) -> None:
    said = refusal(event(api=MUTUAL_TLS, certificate=presented(CI, validity=validity)))

    assert said.endswith("; renew it")


@pytest.mark.parametrize("certificate", [None, {}])
def test_without_a_certificate_nobody_passes_the_door_that_asks_for_one(certificate: Any) -> None:
    """Whatever they signed: another domain name may lead to the same API."""
    said = refusal(event(ORCA, api=MUTUAL_TLS, certificate=certificate))

    assert said == "the request carries no client certificate; call by the domain name that asks for one"


def test_at_the_signed_door_a_certificate_is_worth_nothing() -> None:
    assert "sign it" in refusal(event(None, certificate=presented(NAMES)))
    assert asks(event(ORCA, certificate=presented(NAMES), **{"X-Spinnaker-User": "ann"})) == Caller(ORCA)


@pytest.mark.parametrize(
    "header", ["x-amzn-mtls-clientcert", "X-Client-Cert", "requestContext", "X-Forwarded-Client-Cert"]
)
def test_no_header_makes_a_certificate_or_another_door(header: str) -> None:
    forged = json.dumps({"apiId": MUTUAL_TLS, "identity": {"clientCert": presented(NAMES)}})

    assert "sign it" in refusal(event(None, **{header: forged, "apiId": MUTUAL_TLS}))
    assert "no client certificate" in refusal(event(None, api=MUTUAL_TLS, **{header: forged}))


@pytest.mark.parametrize("api", ["somebody-elses", "", None])
@pytest.mark.parametrize("doors", [Doors(IAM, MUTUAL_TLS, ("*",), HOLDERS), Doors(IAM), Doors("")])
def test_what_comes_by_no_door_of_ours_is_refused(api: Any, doors: Doors) -> None:
    said = refusal(event(ORCA, api=api, certificate=presented(NAMES)), doors)

    assert said == f"API {api} is no door of Windlass; call one that its stack has made"


def test_the_doors_are_told_by_the_environment_and_the_policies(tmp_path: Path) -> None:
    given = {"orca": {"delegate": True, "certificates": [NAMES._asdict()]}, "ci": {"certificates": [CI._asdict()]}}
    (tmp_path / CERTIFICATES).write_text(json.dumps(given))
    environment = {
        "WINDLASS_IAM_API": IAM,
        "WINDLASS_MUTUAL_TLS_API": MUTUAL_TLS,
        "WINDLASS_DELEGATES": f" {ORCA}, *gate* ,",
    }

    assert Doors.of(environment, tmp_path) == Doors(IAM, MUTUAL_TLS, (ORCA, "*gate*"), HOLDERS)
    assert Doors.of({}, tmp_path / "nowhere") == Doors("")


ENTRY = {"certificates": [NAMES._asdict()]}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", "has to be an object of principals"),
        ("{", "certificates.json is not JSON"),
        ('{"ci": {}, "ci": {}}', "ci is there twice"),
        (json.dumps({"a b": ENTRY}), "'a b' is no name of a principal"),
        (json.dumps({"ci": []}), "ci has to be an object"),
        (json.dumps({"ci": ENTRY | {"delegates": True}}), "there is no delegates"),
        (json.dumps({"ci": ENTRY | {"delegate": "yes"}}), "delegate='yes' is neither true nor false"),
        (json.dumps({"ci": {"certificates": []}}), "certificates has to be a list of subjects and issuers"),
        (json.dumps({"ci": {"certificates": [{"subject": "CN=ci"}]}}), "has to be a list of subjects and issuers"),
        (json.dumps({"ci": {"certificates": [{"subject": "CN=ci", "issuer": " "}]}}), "has to be a list of subjects"),
        (json.dumps({"ci": ENTRY, "orca": ENTRY}), "is both ci and orca; one of them is wrong"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused_in_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / CERTIFICATES).write_text(text)

    with pytest.raises(ValueError, match=sentence):
        holders_in(tmp_path)


def test_both_names_are_kept_shown_and_logged(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    door.holders = HOLDERS
    with caplog.at_level(logging.INFO):
        made = door.post(
            "/operations/resizeServerGroup",
            RESIZE,
            certificate=presented(NAMES),
            headers={"X-SPINNAKER-USER": "ann"},
        )

    assert made.status == 202, made.text
    one = made.json["id"]
    assert (door.control(one).caller, door.control(one).user) == ("certificate:orca", "ann")
    view = door.get(f"/operations/{one}").json
    assert (view["caller"], view["user"]) == ("certificate:orca", "ann")
    assert f"{one} was accepted from ann via certificate:orca" in caplog.text


def test_an_idempotency_key_is_known_only_to_the_principal_that_used_it(door: Door) -> None:
    door.holders = HOLDERS
    key = {"Idempotency-Key": "mine"}
    ids = [
        door.post("/operations/resizeServerGroup", RESIZE, headers=key, **who).json["id"]
        for who in (
            {"certificate": presented(CI)},
            {"certificate": presented(CI)},
            {"certificate": presented(NAMES)},
            {},
        )
    ]

    assert ids[0] == ids[1]
    assert len({*ids}) == 3


def test_policies_and_teams_mean_a_certificate_s_holder_by_its_name(door: Door, tmp_path: Path) -> None:
    by_name = '@id("ci") permit (principal == Principal::"certificate:ci", action == Action::"freeze", resource);'
    by_team = '@id("team") permit (principal in Team::"deployers", action == Action::"thaw", resource);'
    (tmp_path / "ours.cedar").write_text(by_name + by_team)
    (tmp_path / "teams.json").write_text('{"deployers": ["certificate:or*"]}')
    door.holders, door.hub = HOLDERS, replace(door.hub, authority=Authority(tmp_path))

    def allowed(who: Names, action: str) -> bool:
        return bool(door.get(f"/authorisation?action={action}", certificate=presented(who)).json["allowed"])

    assert [allowed(who, action) for who in (CI, NAMES) for action in ("freeze", "thaw")] == [True, False, False, True]
    assert not door.get("/authorisation?action=freeze").json["allowed"]


@pytest.mark.parametrize("path", ["/aws/ops", "/task", "/operations", "/docs", "/openapi.json", "/"])
def test_nothing_is_shown_to_a_certificate_of_nobody(path: str, door: Door) -> None:
    got = door(
        "POST" if path == "/aws/ops" else "GET", path, [] if path == "/aws/ops" else None, certificate=presented(CI)
    )

    assert got.status == 403
    assert got.json.get("detail", got.json.get("message", "")).startswith("the client certificate (subject ")


def test_the_execution_id_is_kept_before_the_traceparent() -> None:
    assert trace_of(event(ORCA, Traceparent="00-1-2-01")) == "00-1-2-01"
    assert trace_of(event(ORCA, traceparent="00-1-2-01", **{"X-Spinnaker-Execution-Id": "01A"})) == "01A"
    assert trace_of(event(ORCA)) is None
