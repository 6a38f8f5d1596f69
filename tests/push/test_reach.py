"""Where a webhook may go, and that it goes nowhere else."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lambdas.push.letters import Answered, Https
from lambdas.push.reach import Reach, Unreachable, by_dns

PUBLIC, LOCAL = Reach(), Reach.of("127.0.0.0/8, 10.1.0.0/16")
SOMEWHERE = "93.184.215.14"


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.5.4", "192.168.1.1", "127.0.0.1", "169.254.169.254", "169.254.170.2", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fd00:ec2::254", "fc00::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:5601:5601",
    ],
)  # fmt: skip
def test_no_private_link_local_loopback_or_metadata_address_is_reached(address: str) -> None:
    with pytest.raises(Unreachable, match="which is not public; name its network in the stack's localReceivers"):
        PUBLIC.place("https://ci.example.com/hook", lambda host, port: [address])


def test_one_private_address_among_public_ones_is_enough() -> None:
    with pytest.raises(Unreachable, match=r"ci\.example\.com is 10\.0\.0\.1"):
        PUBLIC.place("https://ci.example.com", lambda host, port: [SOMEWHERE, "10.0.0.1"])


@pytest.mark.parametrize("address", [SOMEWHERE, "2606:4700::6810:84e5", "::ffff:93.184.215.14"])
def test_a_public_address_is_reached_under_its_host_s_name(address: str) -> None:
    place = PUBLIC.place("https://ci.example.com:8443/hook?a=1", lambda host, port: [address])

    assert (place.address, place.port, place.target) == (address, 8443, "/hook?a=1")
    assert (place.host, place.authority) == ("ci.example.com", "ci.example.com:8443")


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to() -> None:
    """A name that answers something else the second time gains nothing: it is asked once."""
    answers = iter([[SOMEWHERE], ["169.254.169.254"]])

    assert PUBLIC.place("https://rebinding.example.com", lambda host, port: next(answers)).address == SOMEWHERE
    assert next(answers) == ["169.254.169.254"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://ci.example.com", "the URL is not https://"),
        ("ftp://ci.example.com", "the URL is not https://"),
        ("https://", "the URL names a host, and neither a user nor a fragment"),
        ("https://me:secret@ci.example.com", "the URL names a host, and neither a user nor a fragment"),
        ("https://ci.example.com/#x", "the URL names a host, and neither a user nor a fragment"),
        ("https://ci.example.com/a b", "the URL has spaces, or letters outside ASCII, or more than 2000 characters"),
        (
            "https://ci.example.com/\r\nx:1",
            "the URL has spaces, or letters outside ASCII, or more than 2000 characters",
        ),
        ("https://ci.exämple.com/", "the URL has spaces, or letters outside ASCII, or more than 2000 characters"),
        ("https://ci.example.com:x/", "the URL cannot be read"),
        ("https://[::1", "the URL cannot be read"),
        (
            "https://169.254.169.254/latest/meta-data",
            "169.254.169.254 is 169.254.169.254, which is not public; name its network in the stack's localReceivers",
        ),
        ("https://[::1]/", "::1 is ::1, which is not public; name its network in the stack's localReceivers"),
    ],
)
def test_what_can_be_no_receiver_is_refused_in_a_sentence(url: str, sentence: str) -> None:
    assert PUBLIC.wrong(url) == sentence


def test_the_stack_s_own_networks_are_reached_by_plain_http_too() -> None:
    assert LOCAL.wrong("http://127.0.0.1:8000/hook") is None
    assert LOCAL.place("http://inside/", lambda host, port: ["10.1.2.3"]).address == "10.1.2.3"
    with pytest.raises(Unreachable, match=r"plain http; only the stack's localReceivers may be"):
        LOCAL.place("http://outside/", lambda host, port: [SOMEWHERE])
    with pytest.raises(Unreachable, match=r"is 10.2.2.3, which is not public"):
        LOCAL.place("https://inside/", lambda host, port: ["10.2.2.3"])


def test_a_host_that_nobody_knows_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"nobody.invalid cannot be resolved"):
        PUBLIC.place("https://nobody.invalid/", by_dns)


class Receiver(BaseHTTPRequestHandler):
    """Answers what the path says: `/204`, `/302`."""

    got: list[tuple[str, dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "taken"), [(204, True), (200, True), (302, False), (410, False), (500, False)])
def test_a_letter_is_posted_once_and_no_redirect_is_followed(receiver: str, status: int, taken: bool) -> None:
    Receiver.got.clear()

    answer = Https(Reach.of("127.0.0.0/8,::1")).post(f"{receiver}/{status}", '{"a":1}', {"webhook-id": "x"})

    assert answer == Answered(status, f"{receiver.removeprefix('http://')} answered {status}")
    assert (answer.taken, answer.gone) == (taken, status == 410)
    ((path, headers, body),) = Receiver.got
    assert (path, body, headers["webhook-id"]) == (f"/{status}", b'{"a":1}', "x")
    assert (headers["host"], headers["user-agent"]) == (receiver.removeprefix("http://"), "Windlass")


def test_a_receiver_that_is_not_there_is_an_answer() -> None:
    answer = Https(LOCAL).post("http://127.0.0.1:9/", "{}", {})

    assert answer == Answered(None, "127.0.0.1:9 did not answer: NewConnectionError")


def test_a_receiver_out_of_reach_is_an_answer_and_nothing_is_sent(receiver: str) -> None:
    Receiver.got.clear()

    answer = Https(PUBLIC).post(receiver.replace("http://", "https://"), "{}", {})

    assert answer.status is None
    assert "which is not public" in answer.said
    assert Receiver.got == []


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a receiver whose certificate is ci.example.com's, and is trusted."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = self_signed("ci.example.com", folder)
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SSL_CERT_FILE", str(certificate))
        yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


_AN_HOUR = timedelta(hours=1)


def self_signed(host: str, folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(hours=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(secret + made.public_bytes(pem))
    return path


def test_a_host_is_told_by_https_at_the_address_that_was_looked_at(trusted: int) -> None:
    Receiver.got.clear()
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    answer = Https(LOCAL, resolve).post(f"https://ci.example.com:{trusted}/204", "{}", {})

    ((path, headers, _),) = Receiver.got
    assert (answer.status, path, asked) == (204, "/204", ["ci.example.com"])
    assert headers["host"] == f"ci.example.com:{trusted}"


def test_a_certificate_of_another_host_is_refused(trusted: int) -> None:
    Receiver.got.clear()

    answer = Https(LOCAL, lambda host, port: ["127.0.0.1"]).post(f"https://cd.example.com:{trusted}/204", "{}", {})

    assert answer == Answered(None, f"cd.example.com:{trusted} did not answer: SSLError")
    assert Receiver.got == []


def test_a_server_that_speaks_no_tls_is_not_told(receiver: str) -> None:
    answer = Https(Reach.of("127.0.0.0/8,::1")).post(receiver.replace("http://", "https://") + "/204", "{}", {})

    assert answer.status is None
    assert answer.said.endswith("did not answer: SSLError")
