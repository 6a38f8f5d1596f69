"""Nobody comes in but by one of two doors, and both say no in the same words."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from lambdas.api.certificates import CERTIFICATES
from lambdas.api.doors import Doors
from lambdas.authority import POLICIES
from stacks import ROOT
from stacks.application import application
from stacks.mutual_tls import MutualTls
from stacks.policies import BadPolicies, check
from stacks.settings import Settings
from statemachines import ALL
from tests.shell_lines import blocks, faults
from tests.stacks.lint import unexplained

Json = dict[str, Any]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/6b7c1a0e-0000-4000-8000-000000000000"
PLACE = {
    "mutualTlsDomain": "windlass.example.com",
    "mutualTlsCertificate": CERTIFICATE,
    "mutualTlsTruststore": "s3://our-truststores/windlass/ca.pem",
    "mutualTlsTruststoreVersion": "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
}
ORCA = {"orca": {"delegate": True, "certificates": [{"subject": "CN=orca", "issuer": "CN=CA"}]}}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ours") / "policies"
    shutil.copytree(POLICIES, folder)
    (folder / CERTIFICATES).write_text(json.dumps(ORCA))
    return folder


@pytest.fixture(scope="module")
def both(synthesised: Callable[..., Path], policies: Path) -> Path:
    """The folder of an app with both doors."""
    return synthesised(policies=str(policies), **PLACE)


@pytest.fixture(scope="module")
def doors(both: Path) -> dict[str, Json]:
    return resources_in(both)


def resources_in(assembly: Path) -> dict[str, Json]:
    found: dict[str, Json] = json.loads((assembly / "Windlass.template.json").read_text())["Resources"]
    return found


def of_type(resources: dict[str, Json], kind: str) -> dict[str, Json]:
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == kind}


def open_apis(resources: dict[str, Json]) -> Iterator[str]:
    """What lets a caller in whom neither IAM nor a truststore vouches for."""
    methods = of_type(resources, "AWS::ApiGateway::Method").values()
    for name, api in of_type(resources, "AWS::ApiGateway::RestApi").items():
        asked = {one["AuthorizationType"] for one in methods if one["RestApiId"] == {"Ref": name}}
        if asked != {"AWS_IAM"} and not (
            api.get("DisableExecuteApiEndpoint") and _asks_for_certificates(name, resources)
        ):
            yield name
    yield from (name for name, one in resources.items() if one["Type"].startswith("AWS::ApiGatewayV2::"))
    yield from of_type(resources, "AWS::Lambda::Url")


def _asks_for_certificates(api: str, resources: dict[str, Json]) -> bool:
    """At every domain name that leads there, and there is one."""
    domains = of_type(resources, "AWS::ApiGateway::DomainName")
    mapped = of_type(resources, "AWS::ApiGateway::BasePathMapping").values()
    leading = [domains[one["DomainName"]["Ref"]] for one in mapped if one["RestApiId"] == {"Ref": api}]
    return bool(leading) and all(one.get("MutualTlsAuthentication", {}).get("TruststoreUri") for one in leading)


def test_no_api_is_open(assembly: Path, both: Path) -> None:
    for folder in (assembly, both):
        templates = list(folder.glob("*.template.json"))

        assert templates
        for one in templates:
            assert list(open_apis(json.loads(one.read_text())["Resources"])) == []


def test_an_api_that_is_open_would_be_found(doors: dict[str, Json]) -> None:
    def changed(kind: str, **properties: Any) -> list[str]:
        told: dict[str, Json] = json.loads(json.dumps(doors))
        for one in told.values():
            if one["Type"] == kind:
                one["Properties"] |= properties
        return list(open_apis(told))

    without = {name: one for name, one in doors.items() if one["Type"] != "AWS::ApiGateway::BasePathMapping"}

    assert len(changed("AWS::ApiGateway::RestApi", DisableExecuteApiEndpoint=False)) == 1
    assert len(changed("AWS::ApiGateway::DomainName", MutualTlsAuthentication={})) == 1
    assert len(changed("AWS::ApiGateway::Method", AuthorizationType="NONE")) == 1
    assert len(list(open_apis(without))) == 1
    assert list(open_apis(doors | {"Url": {"Type": "AWS::Lambda::Url", "Properties": {}}})) == ["Url"]


def test_without_a_place_for_it_there_is_one_door(resources: dict[str, Json]) -> None:
    assert len(of_type(resources, "AWS::ApiGateway::RestApi")) == 1
    assert of_type(resources, "AWS::ApiGateway::DomainName") == {}


def test_the_second_door_is_where_the_settings_say(doors: dict[str, Json]) -> None:
    (domain,) = of_type(doors, "AWS::ApiGateway::DomainName").values()

    assert (domain["DomainName"], domain["RegionalCertificateArn"]) == ("windlass.example.com", CERTIFICATE)
    assert domain["MutualTlsAuthentication"] == {
        "TruststoreUri": PLACE["mutualTlsTruststore"],
        "TruststoreVersion": PLACE["mutualTlsTruststoreVersion"],
    }
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert "OwnershipVerificationCertificateArn" not in domain


def test_the_function_knows_each_door_by_the_id_of_its_api(doors: dict[str, Json]) -> None:
    (answering,) = (
        one for one in of_type(doors, "AWS::Lambda::Function").values() if one.get("FunctionName") == "windlass-Api"
    )
    (shut,) = (
        name for name, one in of_type(doors, "AWS::ApiGateway::RestApi").items() if "DisableExecuteApiEndpoint" in one
    )
    ids = {name: one for name, one in answering["Environment"]["Variables"].items() if name.endswith("_API")}

    asked = {
        one["RestApiId"]["Ref"]: one["AuthorizationType"] for one in of_type(doors, "AWS::ApiGateway::Method").values()
    }
    named = {name: asked[ids[name]["Ref"]] for name in ids}
    assert named == {"WINDLASS_IAM_API": "AWS_IAM", "WINDLASS_MUTUAL_TLS_API": "NONE"}
    assert ids["WINDLASS_MUTUAL_TLS_API"] == {"Ref": shut}
    assert Doors.of({name: one["Ref"] for name, one in ids.items()}, POLICIES).mutual_tls == shut


def test_only_the_two_apis_may_call_the_function(doors: dict[str, Json]) -> None:
    apis = of_type(doors, "AWS::ApiGateway::RestApi")
    sources = [
        json.dumps(one["SourceArn"])
        for one in of_type(doors, "AWS::Lambda::Permission").values()
        if one["Principal"] == "apigateway.amazonaws.com"
    ]

    assert len(sources) == 4
    assert all(any(f'"{api}"' in source for api in apis) for source in sources)


def test_who_presented_which_certificate_is_in_the_access_log(doors: dict[str, Json]) -> None:
    formats = [
        json.loads(one["AccessLogSetting"]["Format"]) for one in of_type(doors, "AWS::ApiGateway::Stage").values()
    ]

    assert [one.get("subject") for one in formats] == [None, "$context.identity.clientCert.subjectDN"]
    assert all({"status", "caller", "error"} <= one.keys() for one in formats)


def test_the_code_carries_who_the_certificates_are(both: Path) -> None:
    (shipped,) = both.glob(f"asset.*/policies/{CERTIFICATES}")

    assert json.loads(shipped.read_text()) == ORCA


def test_there_is_room_with_both_doors_and_cfn_lint_finds_nothing(both: Path, doors: dict[str, Json]) -> None:
    assert len(doors) <= 0.9 * 500
    assert unexplained(both / "Windlass.template.json") == []


RESPONSES = {
    "THROTTLED": "503",
    "QUOTA_EXCEEDED": "503",
    "INTEGRATION_FAILURE": "503",
    "INTEGRATION_TIMEOUT": "503",
    "DEFAULT_5XX": "503",
    "REQUEST_TOO_LARGE": "413",
    "DEFAULT_4XX": None,
}
"""By type, the status. All other types that there are keep their 4xx (expired token, signature, WAF: 403), or are the
503 of DEFAULT_5XX: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html"""


DEFAULTS = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_FAILURE": 500,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "QUOTA_EXCEEDED": 429,
    "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "WAF_FILTERED": 403,
}
"""All types that there are, and their statuses unless an API says otherwise: the page above."""


def answers(doors: dict[str, Json]) -> list[dict[str, Json]]:
    """Of each API, by type."""
    told = of_type(doors, "AWS::ApiGateway::GatewayResponse").values()
    apis = of_type(doors, "AWS::ApiGateway::RestApi")
    return [{one["ResponseType"]: one for one in told if one["RestApiId"] == {"Ref": api}} for api in apis]


def test_both_doors_say_no_alike(doors: dict[str, Json]) -> None:
    for door in answers(doors):
        assert {kind: one.get("StatusCode") for kind, one in door.items()} == RESPONSES


@pytest.mark.parametrize(("kind", "default"), DEFAULTS.items())
def test_no_answer_of_the_gateway_is_429_and_what_fails_behind_it_is_503(
    kind: str, default: int, doors: dict[str, Json]
) -> None:
    """A type without an answer of its own has that of DEFAULT_4XX or DEFAULT_5XX, whose status changes all of them."""
    for door in answers(doors):
        said = door.get(kind) or door["DEFAULT_4XX" if default < 500 else "DEFAULT_5XX"]
        status = int(said.get("StatusCode") or default)

        assert status == (503 if default in (429, 500, 504) else default)


def test_each_503_says_when_to_come_back(doors: dict[str, Json]) -> None:
    for door in answers(doors):
        for kind, one in door.items():
            is_later = RESPONSES[kind] == "503"
            assert one.get("ResponseParameters") == (
                {"gatewayresponse.header.Retry-After": "'5'"} if is_later else None
            )


@pytest.mark.parametrize("kind", RESPONSES)
def test_the_gateway_s_answers_are_readable_by_both_faces(kind: str, doors: dict[str, Json]) -> None:
    said, status = 'HTTP content length exceeded 10485760 bytes: "so"', RESPONSES[kind]
    for door in answers(doors):
        template = door[kind]["ResponseTemplates"]["application/json"]
        body = json.loads(template.replace("$context.error.messageString", json.dumps(said)))

        assert (body["type"], body["detail"], body["message"]) == ("about:blank", said, said)
        assert body.get("status") == (status and int(status))
        assert ("title" in body, "error" in body) == (status is not None, status is not None)


@pytest.mark.parametrize("left_out", PLACE)
def test_half_a_place_is_refused_with_what_is_missing(left_out: str) -> None:
    given = {name: value for name, value in PLACE.items() if name != left_out}

    with pytest.raises(ValueError, match=rf"given by halves: .* without {left_out}; give all of .*, or none"):
        Settings.of(App(context=given).node)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mutualTlsDomain", "https://windlass.example.com"),
        ("mutualTlsDomain", "windlass"),
        ("mutualTlsDomain", "*.example.com"),
        ("mutualTlsCertificate", "arn:aws:iam::123456789012:server-certificate/windlass"),
        ("mutualTlsTruststore", "our-truststores/windlass.pem"),
        ("mutualTlsTruststore", "s3://our-truststores"),
        ("mutualTlsTruststoreVersion", "the latest one"),
        ("mutualTlsOwnershipCertificate", "windlass.example.com"),
    ],
)
def test_a_place_that_cannot_be_is_refused_with_an_example(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"context {name}={re.escape(repr(value))} is no such thing; say for example"):
        Settings.of(App(context=PLACE | {name: value}).node)


def test_an_imported_certificate_comes_with_the_proof_of_ownership() -> None:
    found = MutualTls.of(App(context=PLACE | {"mutualTlsOwnershipCertificate": CERTIFICATE}).node)

    assert found is not None
    assert found.ownership == CERTIFICATE


def test_a_door_that_nobody_could_use_is_not_made(layer: Path, tmp_path: Path) -> None:
    with pytest.raises(
        BadPolicies, match=r"certificates\.json maps no certificate, so nobody could use the mutual TLS door"
    ):
        application(PLACE, outdir=tmp_path / "assembly", layer=layer)


@pytest.mark.parametrize("page", ["doors.md", "vpc.md"])
def test_what_a_platform_team_pastes_a_shell_can_read_and_the_cli_knows(page: str) -> None:
    scripts = blocks((ROOT / "docs" / page).read_text())

    assert scripts
    assert [fault for one in scripts for fault in faults(one)] == []


def test_a_wrong_mapping_is_told_at_synth(policies: Path, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(policies, folder)
    (folder / CERTIFICATES).write_text('{"orca": {"delegate": true}}')

    with pytest.raises(BadPolicies, match="orca: certificates has to be a list of subjects and issuers"):
        check(folder, ALL)


def test_each_door_has_its_alarm_and_both_the_same_page(doors: dict[str, Json]) -> None:
    alarms = [one for one in of_type(doors, "AWS::CloudWatch::Alarm").values() if one.get("MetricName") == "5XXError"]
    apis = {one["Name"] for one in of_type(doors, "AWS::ApiGateway::RestApi").values()}

    watched = {one["AlarmName"]: one["Dimensions"][0]["Value"] for one in alarms}
    assert {*watched} == {"windlass-requests-fail", "windlass-mutual-tls-requests-fail"}
    assert {*watched.values()} == apis
    assert all("/requests-fail.md" in one["AlarmDescription"] for one in alarms)
