"""Custom domain names over TLS: who has no certificate that the truststore vouches for, gets no connection.

The handshake is the real one of OpenSSL, with the server's certificate from ACM and the truststore as it stood in S3
when the domain name was made or changed. By the server's name (SNI) one port serves them all.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
from pathlib import Path
from typing import Any

from moto.acm.models import acm_backends
from moto.apigateway.models import DomainName, apigateway_backends

from local.settings import ACCOUNT

Json = dict[str, Any]
HANDSHAKE = 10.0
"""Seconds that a client may take for it."""
_SHORT = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
}


class _Asking(ssl.SSLContext):
    """Of one domain name."""

    domain: str


_contexts: dict[tuple[str, str], _Asking] = {}
"""By Region and name; of the one server that a process can be."""


def trust(region: str, name: str, certificate: str, truststore: bytes) -> DomainName:
    """From now on whoever holds a certificate of these authorities may connect to that domain name. Raises ValueError
    for a certificate that ACM does not have, or for a truststore without one.
    """
    bundle = acm_backends[ACCOUNT][region]._certificates.get(certificate)
    if bundle is None:
        raise ValueError(f"there is no certificate {certificate} in ACM of {region}")
    context = _Asking(ssl.PROTOCOL_TLS_SERVER)
    context.domain = name
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(cadata=truststore.decode())
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(f"the truststore of {name} holds no PEM certificates: {error}") from None
    _identify(context, bundle.cert + b"\n" + (bundle.chain or b""), bundle.key)
    _contexts[region, name] = context
    return apigateway_backends[ACCOUNT][region].domain_names[name]


def forget(region: str, name: str) -> None:
    _contexts.pop((region, name), None)


def _identify(context: ssl.SSLContext, chain: bytes, key: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:  # OpenSSL reads a private key from a file alone
        files = Path(folder, "chain.pem"), Path(folder, "key.pem")
        for file, content in zip(files, (chain, key), strict=True):
            file.write_bytes(content)
        context.load_cert_chain(*files)


def greeted(region: str, connection: socket.socket) -> ssl.SSLSocket | None:
    """The connection once its handshake is over; None, and closed, where there was none to be had."""
    door = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A name's own context brings its certificate and its truststore; that one is asked for at all, this one says.
    door.verify_mode = ssl.CERT_REQUIRED

    def choose(asking: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
        own = _contexts.get((region, name or ""))
        if own is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        asking.context = own
        return None

    door.sni_callback = choose
    connection.settimeout(HANDSHAKE)
    try:
        return door.wrap_socket(connection, server_side=True)
    except OSError:  # ssl.SSLError among them
        with contextlib.suppress(OSError):
            connection.close()
        return None


def domain_of(connection: ssl.SSLSocket) -> str:
    context = connection.context
    return context.domain if isinstance(context, _Asking) else ""


def mapped(region: str, domain: str) -> tuple[str, str]:
    """The API and the stage that a domain name leads to; empty where to none."""
    for mapping in list(apigateway_backends[ACCOUNT][region].base_path_mappings.get(domain, {}).values()):
        return str(mapping.rest_api_id), str(mapping.stage)
    return "", ""


def client_certificate(connection: ssl.SSLSocket) -> Json:
    """`requestContext.identity.clientCert` of a REST API's event. Names in the certificate's own order, a comma
    between: https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
    """
    told: Any = connection.getpeercert()
    number = str(told["serialNumber"]).lower()
    return {
        "clientCertPem": ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b""),
        "subjectDN": _name(told["subject"]),
        "issuerDN": _name(told["issuer"]),
        "serialNumber": ":".join(number[at : at + 2] for at in range(0, len(number), 2)),
        "validity": {"notBefore": told["notBefore"], "notAfter": told["notAfter"]},
    }


def _name(parts: Any) -> str:
    return ",".join(f"{_SHORT.get(kind, kind)}={value}" for part in parts for kind, value in part)
