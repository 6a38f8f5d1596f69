"""Where a webhook may go: nowhere but to public addresses by HTTPS, unless the stack names networks of its own.

A receiver's URL comes from a caller, and the courier stands inside: without this it would fetch for anybody what only
functions of this account may see (a metadata service, a neighbour in a private network).
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Iterable[str]]
LONGEST = 2000
"""Characters of a URL."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
PORTS = {"https": 443, "http": 80}


class Unreachable(Exception):
    """The courier does not go there; the sentence says why and what to do."""


@dataclass(frozen=True)
class Place:
    """Where to connect to, and for whom."""

    scheme: str
    host: str
    """As the URL says: what the receiver's certificate and its Host header are about."""
    address: str
    """What it resolved to and was looked at: the connection goes to this address and nowhere else."""
    port: int
    target: str
    """Path and query."""

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Reach:
    """`local` are the networks that are allowed beside all public addresses, by plain HTTP too."""

    local: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: str) -> "Reach":
        """From `127.0.0.0/8,10.1.0.0/16`. Raises ValueError."""
        return cls(tuple(ipaddress.ip_network(one.strip()) for one in networks.split(",") if one.strip()))

    def wrong(self, url: str) -> str | None:
        """Why this can be no receiver's URL, as far as that shows without asking DNS."""
        try:
            self._known(url)
        except Unreachable as error:
            return str(error)
        return None

    def place(self, url: str, resolve: Resolve) -> Place:
        """Where the receiver is now. Each of its addresses must be allowed. Raises Unreachable."""
        parts = self._known(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        addresses = list(dict.fromkeys(resolve(host, port)))
        if not addresses:
            raise Unreachable(f"{host} has no address")
        for one in addresses:
            self._allow(host, ipaddress.ip_address(one), parts.scheme)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Place(parts.scheme, host, addresses[0], port, target)

    def _known(self, url: str) -> SplitResult:
        parts = _split(url)
        if parts.scheme not in PORTS or (parts.scheme == "http" and not self.local):
            raise Unreachable("the URL is not https://")
        if (literal := _literal(parts.hostname or "")) is not None:
            self._allow(parts.hostname or "", literal, parts.scheme)
        return parts

    def _allow(self, host: str, address: Address, scheme: str) -> None:
        if any(address in network for network in self.local):
            return
        if scheme != "https":
            raise Unreachable(f"{host} is asked by plain http; only the stack's localReceivers may be")
        if not all(_is_public(one) for one in _meant(address)):
            said = "which is not public; name its network in the stack's localReceivers"
            raise Unreachable(f"{host} is {address}, {said}")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Unreachable("the URL cannot be read") from None
    if len(url) > LONGEST or not url.isascii() or any(one.isspace() or not one.isprintable() for one in url):
        raise Unreachable(f"the URL has spaces, or letters outside ASCII, or more than {LONGEST} characters")
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        raise Unreachable("the URL names a host, and neither a user nor a fragment")
    return parts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _meant(address: Address) -> Iterator[Address]:
    """The address, and what is inside it: a gateway would unwrap it."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        teredo = address.teredo
        nat64 = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
        yield from filter(None, (address.ipv4_mapped, address.sixtofour, teredo and teredo[1], nat64))


def _is_public(address: Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address in _NAT64):
        return True  # judged by what is inside
    return address.is_global and not special


def by_dns(host: str, port: int) -> Iterator[str]:
    """What DNS, or the URL itself, says. Raises Unreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"{host} cannot be resolved") from None
    for _, _, _, _, place in found:
        yield str(place[0])
