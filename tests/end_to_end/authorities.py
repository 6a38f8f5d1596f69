"""Certificate authorities for a test, and what they vouch for."""

import datetime
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, PEM."""

    certificate: bytes
    key: bytes

    def written(self, folder: Path, name: str) -> tuple[str, str]:
        """The files of both, as clients want them."""
        files = folder / f"{name}.pem", folder / f"{name}-key.pem"
        for file, content in zip(files, (self.certificate, self.key), strict=True):
            file.write_bytes(content)
        return str(files[0]), str(files[1])


@dataclass(frozen=True)
class Authority:
    """It signs whatever it is asked to."""

    name: str

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def certificate(self) -> bytes:
        """Its own, that a truststore holds."""
        may_sign = x509.BasicConstraints(ca=True, path_length=0)
        built = self._builder(self.name, self._key).add_extension(may_sign, critical=True)
        return built.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def issue(self, name: str, *, host: str = "") -> Pair:
        """A certificate of that name; `host`: of a server there."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(name, key)
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        made = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        return Pair(made, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def _builder(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
        )


def _named(name: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, name)])
