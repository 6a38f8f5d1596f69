"""The door for clients with certificates, end to end: real handshakes, the deployed truststore, the real function."""

import json
import shutil
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from lambdas.api.certificates import CERTIFICATES
from lambdas.authority import POLICIES
from local.clients import Clients
from local.deploy import deploy
from local.stage import deployed, free_port, seeded, serving, synthesise
from tests.end_to_end.authorities import Authority
from tests.end_to_end.live import HOME, Live, eventually

pytestmark = pytest.mark.xdist_group("mutual-tls")
DOMAIN, BUCKET, TRUSTSTORE = "windlass.example.com", "our-truststores", "windlass/ca.pem"
OURS, OTHERS = Authority("Example CA"), Authority("Other CA")
HOLDERS = {
    "orca": {"delegate": True, "certificates": [{"subject": "O=Example,CN=orca", "issuer": "O=Example,CN=Example CA"}]},
    "ci": {"certificates": [{"subject": "O=Example,CN=ci", "issuer": "O=Example,CN=Example CA"}]},
}


@dataclass(frozen=True)
class Caller:
    """At the domain name, with a certificate or without."""

    pool: urllib3.HTTPSConnectionPool

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = {"Host": DOMAIN, "Content-Type": "application/json", **headers}
        text = None if body is None else json.dumps(body)
        got = self.pool.request(method, path, body=text, headers=sent, retries=False, timeout=60)
        return got.status, json.loads(got.data)


@dataclass(frozen=True)
class Door:
    live: Live
    port: int
    folder: Path
    context: dict[str, str]

    def caller(self, authority: Authority, name: str, domain: str = DOMAIN) -> Caller:
        """Whoever holds a certificate of that name."""
        return Caller(self._pool(domain, *authority.issue(name).written(self.folder, name)))

    @property
    def nobody(self) -> Caller:
        return Caller(self._pool(DOMAIN))

    def _pool(self, domain: str, certificate: str | None = None, key: str | None = None) -> urllib3.HTTPSConnectionPool:
        return urllib3.HTTPSConnectionPool(
            "127.0.0.1",
            self.port,
            ca_certs=str(self.folder / "server-ca.pem"),
            server_hostname=domain,
            assert_hostname=DOMAIN,
            cert_file=certificate,
            key_file=key,
            # With 1.3 a client is told why only after its request has left, if at all.
            ssl_maximum_version=ssl.TLSVersion.TLSv1_2,
        )


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder, port = tmp_path_factory.mktemp("mutual-tls"), free_port()
    with serving(folder=folder, domain_port=port, workers=1) as (endpoint, api):
        context = place(folder, Clients(endpoint))
        synthesise(folder / "assembly", context=context)
        stage = seeded(deployed(folder / "assembly", endpoint, api))
        yield Door(Live(stage, folder / "functions"), port, folder, context)


def place(folder: Path, clients: Clients) -> dict[str, str]:
    """What a platform team does before it deploys the door: docs/doors.md."""
    policies = folder / "policies"
    shutil.copytree(POLICIES, policies)
    (policies / CERTIFICATES).write_text(json.dumps(HOLDERS))
    (folder / "server-ca.pem").write_bytes(OURS.certificate)
    server = OURS.issue("windlass", host=DOMAIN)
    s3 = clients.get("s3", HOME)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return {
        "policies": str(policies),
        "mutualTlsDomain": DOMAIN,
        "mutualTlsCertificate": clients.get("acm", HOME).import_certificate(
            Certificate=server.certificate, PrivateKey=server.key
        )["CertificateArn"],
        "mutualTlsTruststore": f"s3://{BUCKET}/{TRUSTSTORE}",
        "mutualTlsTruststoreVersion": uploaded(clients, OURS),
    }


def uploaded(clients: Clients, *authorities: Authority) -> str:
    """The truststore's version."""
    text = b"".join(one.certificate for one in authorities)
    return str(clients.get("s3", HOME).put_object(Bucket=BUCKET, Key=TRUSTSTORE, Body=text)["VersionId"])


def test_a_delegate_with_a_certificate_submits_for_a_user_and_follows(door: Door) -> None:
    orca, group = door.caller(OURS, "orca"), door.live.standing("mutual")
    description = {
        "credentials": "test",
        "asgs": [{"asgName": group, "region": HOME}],
        "processes": ["Launch", "AZRebalance"],
    }

    status, accepted = orca("POST", "/aws/ops", [{"suspendAsgProcesses": description}], **{"X-SPINNAKER-USER": "ann"})
    assert status == 200, accepted
    eventually(lambda: orca("GET", accepted["resourceUri"])[1]["status"]["complete"])

    task = orca("GET", accepted["resourceUri"])[1]
    assert (task["status"]["completed"], task["status"]["failed"]) == (True, False), task
    view = orca("GET", f"/operations/{accepted['id']}")[1]
    assert (view["caller"], view["user"], view["status"]) == ("certificate:orca", "ann", "SUCCEEDED")
    suspended = {one["ProcessName"] for one in door.live.group(group)["SuspendedProcesses"]}
    assert suspended == {"Launch", "AZRebalance"}


def test_no_delegate_speaks_for_a_user_and_no_header_makes_one(door: Door) -> None:
    forged = {
        "X-SPINNAKER-USER": "ann",
        "X-Client-Cert": "O=Example,CN=orca",
        "X-Amzn-Mtls-Clientcert-Subject": "CN=orca",
    }

    status, told = door.caller(OURS, "ci")("GET", "/authorisation?action=freeze", **forged)

    assert (status, told["principal"], told["user"]) == (200, "certificate:ci", None)


def test_a_certificate_that_is_mapped_to_nobody_is_told_what_to_do(door: Door) -> None:
    stranger = door.caller(OURS, "stranger")

    for path in ("/operations", "/task", "/"):
        status, told = stranger("GET", path)
        said = told.get("detail") or told["message"]

        assert status == 403
        assert "subject 'O=Example,CN=stranger', issuer 'O=Example,CN=Example CA'" in said
        assert "added to certificates.json" in said


def test_without_a_certificate_there_is_no_connection(door: Door) -> None:
    with pytest.raises(urllib3.exceptions.SSLError, match="handshake failure"):
        door.nobody("GET", "/operations")


def test_nor_with_one_that_the_truststore_does_not_vouch_for(door: Door) -> None:
    with pytest.raises(urllib3.exceptions.SSLError, match="unknown ca"):
        door.caller(OTHERS, "orca")("GET", "/operations")


def test_nor_with_one_whose_authority_only_calls_itself_as_ours(door: Door) -> None:
    with pytest.raises(urllib3.exceptions.SSLError, match="decrypt error"):
        door.caller(Authority(OURS.name), "orca")("GET", "/operations")


def test_nor_at_a_domain_name_that_there_is_not(door: Door) -> None:
    with pytest.raises(urllib3.exceptions.SSLError, match="unrecognized name"):
        door.caller(OURS, "orca", "other.example.com")("GET", "/operations")


def test_the_api_s_own_endpoint_is_shut(door: Door) -> None:
    outputs = door.live.stage.outputs
    own = {one: f"{outputs[one]}.execute-api.{HOME}.amazonaws.com" for one in ("ApiId", "MutualTlsApiId")}

    shut = door.live.ask("GET", "/v1/operations", Host=own["MutualTlsApiId"])
    signed = door.live.ask("GET", "/v1/operations", Host=own["ApiId"])

    assert (shut.status, shut.json) == (403, {"message": "Forbidden"})
    assert signed.status == 200


def test_who_signs_is_nobody_s_certificate(door: Door) -> None:
    got = door.live.ask("GET", "/authorisation?action=freeze", **{"X-SPINNAKER-USER": "ann"})

    assert got.json["principal"] == "arn:aws:iam::123456789012:user/local"


def test_a_new_truststore_counts_from_its_deployment_on(door: Door) -> None:
    """Both authorities for a while: who has a new certificate comes in, and so does who has the old one."""
    newcomer = door.caller(OTHERS, "orca")
    clients, endpoint = door.live.stage.clients, door.live.stage.endpoint
    version = uploaded(clients, OURS, OTHERS)
    with pytest.raises(urllib3.exceptions.SSLError, match="unknown ca"):
        newcomer("GET", "/operations")

    assembly = door.folder / "rotated"
    synthesise(assembly, context=door.context | {"mutualTlsTruststoreVersion": version})
    deploy(assembly, endpoint)

    status, told = newcomer("GET", "/operations")
    assert status == 403
    assert "issuer 'O=Example,CN=Other CA'" in told["detail"]
    assert door.caller(OURS, "ci")("GET", "/operations")[0] == 200
