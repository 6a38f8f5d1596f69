"""What plans look up: images, instances, subnets, security groups, load balancers and who is healthy behind them."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from lambdas.cloud import Health, Image, SecurityGroup, Subnet, TargetGroup
from lambdas.errors import NotFound, Rejected
from rehearsal.fake_cloud import fleet
from rehearsal.fake_cloud.amis import visible
from rehearsal.fake_cloud.place import Target
from rehearsal.fake_cloud.port import Port, call


class FakeImages(Port):
    @call
    def by_ids(self, ids: Sequence[str]) -> tuple[Image, ...]:
        known = {one.id: one for one in visible(self.place)}
        return tuple(known[one] for one in dict.fromkeys(ids) if one in known)

    @call
    def by_name(self, pattern: str, owners: Sequence[str] = ()) -> tuple[Image, ...]:
        known = visible(self.place)
        asked = {self.place.account if one == "self" else one for one in owners}
        return tuple(one for one in known if fnmatchcase(one.name, pattern) and (not owners or one.owner in asked))

    @call
    def parameter(self, name: str) -> str:
        if name not in self.place.parameters:
            raise NotFound(f"there is no parameter {name}")
        return self.place.parameters[name]


class FakeInstances(Port):
    @call
    def console(self, instance: str) -> str:
        launched = self.place.instances.get(instance)
        if launched is None:
            raise NotFound(f"there is no instance {instance}")
        return self.place.consoles.get(launched.image, f"{instance} login: ")


class FakeNetwork(Port):
    @call
    def zones(self) -> tuple[str, ...]:
        return tuple(sorted({one.zone for one in self.place.subnets.values()}))

    @call
    def subnets(self, ids: Sequence[str] = ()) -> tuple[Subnet, ...]:
        known = self.place.subnets
        return tuple(known[one] for one in dict.fromkeys(ids) if one in known) if ids else tuple(known.values())

    @call
    def security_groups(self, names_or_ids: Sequence[str]) -> tuple[SecurityGroup, ...]:
        asked = set(names_or_ids)
        return tuple(one for one in self.place.security_groups.values() if one.id in asked or one.name in asked)


class FakeLoadBalancers(Port):
    @call
    def target_groups(self, names_or_arns: Sequence[str]) -> tuple[TargetGroup, ...]:
        asked = set(names_or_arns)
        return tuple(one for one in self.place.target_groups.values() if one.arn in asked or one.name in asked)

    @call
    def classic(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(one for one in dict.fromkeys(names) if one in self.place.classics)

    @call
    def target_health(self, target_group: str) -> tuple[Health, ...]:
        self._target_group(target_group)
        return self._health(target_group)

    @call
    def classic_health(self, load_balancer: str) -> tuple[Health, ...]:
        self._classic(load_balancer)
        return self._health(load_balancer)

    @call
    def draining(self, target_group: str) -> tuple[str, ...]:
        self._target_group(target_group)
        return self._draining(target_group)

    @call
    def draining_classic(self, load_balancer: str) -> tuple[str, ...]:
        self._classic(load_balancer)
        return self._draining(load_balancer)

    @call
    def register(self, target_group: str, instances: Sequence[str]) -> None:
        self._target_group(target_group)
        self._register(target_group, instances)

    @call
    def deregister(self, target_group: str, instances: Sequence[str]) -> None:
        self._target_group(target_group)
        self._deregister(target_group, instances)

    @call
    def register_classic(self, load_balancer: str, instances: Sequence[str]) -> None:
        self._classic(load_balancer)
        self._register(load_balancer, instances)

    @call
    def deregister_classic(self, load_balancer: str, instances: Sequence[str]) -> None:
        self._classic(load_balancer)
        self._deregister(load_balancer, instances)

    def _target_group(self, arn: str) -> None:
        if arn not in self.place.target_groups:
            raise NotFound(f"there is no target group {arn}")

    def _classic(self, name: str) -> None:
        if name not in self.place.classics:
            raise NotFound(f"there is no load balancer {name}")

    def _register(self, balancer: str, instances: Sequence[str]) -> None:
        missing = [one for one in instances if one not in self.place.instances]
        if missing:
            raise Rejected(f"instance {missing[0]} does not exist")
        for one in instances:
            self.place.draining.pop((balancer, one), None)
        fleet.register(self.place, balancer, instances)
        self.place.note("registered with", "load balancer", balancer, self.operation)

    def _deregister(self, balancer: str, instances: Sequence[str]) -> None:
        place, until = self.place, self.place.now + self.place.manners.drain
        leaving = {one.instance for one in place.behind.get(balancer) or ()}.intersection(instances)
        place.draining.update({(balancer, one): until for one in leaving})
        fleet.unregister(place, balancer, frozenset(instances))
        self.place.note("deregistered from", "load balancer", balancer, self.operation)

    def _draining(self, balancer: str) -> tuple[str, ...]:
        place = self.place
        return tuple(
            one
            for (where, one), until in place.draining.items()
            if where == balancer and one in place.instances and place.now < until
        )

    def _health(self, balancer: str) -> tuple[Health, ...]:
        return tuple([self._of(one) for one in self.place.behind.seen(balancer, self.place.now) or ()])

    def _of(self, target: Target) -> Health:
        place = self.place
        launched = place.instances.get(target.instance)
        if launched is None or launched.image in place.never_healthy:
            return Health(target.instance, healthy=False, reason="Target.FailedHealthChecks")
        checked = target.since + place.manners.health <= place.now - place.manners.lag
        return Health(target.instance, healthy=checked, reason="" if checked else "Elb.InitialHealthChecking")
