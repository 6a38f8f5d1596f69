"""Network interfaces that stand by themselves."""

from dataclasses import dataclass
from hashlib import sha256

from lambdas.cloud import OPERATION_TAG
from lambdas.cloud.network_interfaces import NetworkInterface, NetworkInterfaces
from lambdas.errors import NotFound, Rejected
from rehearsal.fake_cloud.port import Port, call, plays

KIND = "network interface"


@dataclass(frozen=True)
class Standing:
    interface: NetworkInterface


@plays(NetworkInterfaces)
class FakeNetworkInterfaces(Port):
    @call
    def create(self, interface: NetworkInterface, token: str) -> str:
        place, made = self.place, f"eni-{sha256(token.encode()).hexdigest()[:17]}"
        if interface.subnet not in place.subnets:
            raise Rejected(f"the subnet ID {interface.subnet} does not exist")
        if missing := [one for one in interface.security_groups if one not in place.security_groups]:
            raise Rejected(f"the security group {missing[0]} does not exist")
        if place.shelf(KIND).get(made) is None:
            place.shelf(KIND).put(made, Standing(interface), place.now)
            place.note("created", KIND, made, self.operation)
        return made

    @call
    def made_by(self, operation: str) -> tuple[str, ...]:
        seen = self.place.shelf(KIND).all_seen(self.place.now)
        return tuple(name for name, one in seen.items() if (OPERATION_TAG, operation) in one.interface.tags)

    @call
    def delete(self, interface: str) -> None:
        if self.place.shelf(KIND).get(interface) is None:
            raise NotFound(f"network interface {interface} does not exist")
        self.place.shelf(KIND).take(interface, self.place.now)
        self.place.note("deleted", KIND, interface, self.operation)
