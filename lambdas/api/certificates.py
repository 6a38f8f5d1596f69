"""Who stands behind a client certificate: `certificates.json` beside the policies says, and nobody else is anybody.

A certificate is known by its subject and its issuer, as API Gateway writes both, and a renewed one is the same caller.
https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lambdas.api.problems import Problem

CERTIFICATES = "certificates.json"
EXAMPLE = (
    '{"orca": {"delegate": true, "certificates": [{"subject": "O=Example,CN=orca", "issuer": "O=Example,CN=CA"}]}}'
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
log = logging.getLogger(__name__)


class Names(NamedTuple):
    """Of a certificate: what its authority vouches for."""

    subject: str
    issuer: str

    def __str__(self) -> str:
        return f"subject {self.subject!r}, issuer {self.issuer!r}"


@dataclass(frozen=True)
class Holder:
    """Somebody who calls with a certificate."""

    name: str
    delegate: bool = False
    """Whether it may speak for a user."""

    @property
    def principal(self) -> str:
        """Never an ARN's form: no policy or team that means somebody of IAM means it."""
        return f"certificate:{self.name}"


Holders = Mapping[Names, Holder]


def holder_of(presented: Mapping[str, Any] | None, holders: Holders, now: float) -> Holder:
    """Whose certificate it is (`requestContext.identity.clientCert`). Raises Problem for nobody's, and where it is not
    valid at that time (epoch seconds): API Gateway looks when a connection begins, and one may last.
    """
    if not presented:
        raise Problem(403, "the request carries no client certificate; call by the domain name that asks for one")
    names = Names(str(presented.get("subjectDN") or ""), str(presented.get("issuerDN") or ""))
    holder = holders.get(names)
    if holder is None:
        log.warning("denied: a certificate of nobody, %s", names)
        raise Problem(
            403,
            f"the client certificate ({names}) is mapped to no principal; have exactly these two texts added to "
            f"{CERTIFICATES} of the policies and deployed, or call with another certificate",
        )
    _valid(presented.get("validity"), names, now)
    return holder


def holders_in(folder: Path) -> dict[Names, Holder]:
    """Whom the folder's file names; nobody where there is none. Raises ValueError with everything that is wrong."""
    path = folder / CERTIFICATES
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"), object_pairs_hook=_once)
    except ValueError as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} has to be an object of principals: {EXAMPLE}")
    if mistakes := [f"{path.name}: {one}" for name, given in found.items() for one in _mistakes(name, given)]:
        raise ValueError("\n".join(mistakes))
    return _unambiguous(path.name, [pair for name, given in found.items() for pair in _pairs(name, given)])


def _valid(validity: Any, names: Names, now: float) -> None:
    from ssl import cert_time_to_seconds  # noqa: PLC0415  not at import: boto3 brings it with the first request

    told = validity if isinstance(validity, Mapping) else {}
    begins, ends = told.get("notBefore"), told.get("notAfter")
    try:
        is_valid = cert_time_to_seconds(str(begins)) <= now <= cert_time_to_seconds(str(ends))
    except ValueError:
        is_valid = False
    if not is_valid:
        raise Problem(403, f"the client certificate ({names}) is valid from {begins} to {ends}; renew it")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON lets the last of two keys win: here one of them would have meant somebody."""
    for name, _ in pairs:
        if [key for key, _ in pairs].count(name) > 1:
            raise ValueError(f"{name} is there twice")
    return dict(pairs)


def _mistakes(name: str, given: Any) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield f"{name!r} is no name of a principal: letters, digits, '.', '_' and '-', 60 at most"
    if not isinstance(given, dict):
        yield f"{name} has to be an object: {EXAMPLE}"
        return
    if unknown := sorted(given.keys() - {"delegate", "certificates"}):
        yield f"{name}: there is no {', '.join(unknown)}; known are delegate and certificates"
    if not isinstance(given.get("delegate", False), bool):
        yield f"{name}: delegate={given['delegate']!r} is neither true nor false"
    listed = given.get("certificates")
    if not isinstance(listed, list) or not listed or not all(map(_is_pair, listed)):
        yield f"{name}: certificates has to be a list of subjects and issuers: {EXAMPLE}"


def _is_pair(given: Any) -> bool:
    return (
        isinstance(given, dict)
        and given.keys() == {"subject", "issuer"}
        and all(isinstance(one, str) and one.strip() for one in given.values())
    )


def _pairs(name: str, given: dict[str, Any]) -> Iterator[tuple[Names, Holder]]:
    holder = Holder(name, given.get("delegate", False))
    return ((Names(one["subject"], one["issuer"]), holder) for one in given["certificates"])


def _unambiguous(file: str, pairs: list[tuple[Names, Holder]]) -> dict[Names, Holder]:
    holders: dict[Names, Holder] = {}
    for names, holder in pairs:
        if names in holders:
            raise ValueError(f"{file}: {names} is both {holders[names].name} and {holder.name}; one of them is wrong")
        holders[names] = holder
    return holders
