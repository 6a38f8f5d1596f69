"""A Region to work in: what somebody else made before Windlass came."""

from lambdas.cloud import (
    OPERATION_TAG,
    Capacity,
    Group,
    GroupSettings,
    Image,
    Instance,
    LaunchSettings,
    SecurityGroup,
    Subnet,
    TargetGroup,
)
from rehearsal.fake_cloud.place import ALWAYS, Launched, Place, Target, Template, number_of

OWNER = number_of("prod")
VPC = "vpc-0123456789abcdef0"
OTHER_VPC = "vpc-0fedcba9876543210"
GOOD_IMAGE = "ami-0123456789abcdef0"
NEWER_IMAGE = "ami-0123456789abcdef1"
BAD_IMAGE = "ami-0bad0bad0bad0bad0"
"""Its instances run and never pass a health check."""
DYING_IMAGE = "ami-0dead0dead0dead00"
"""Its instances do not survive their launch."""
PARAMETER = "/images/shop/latest"
WEB = "sg-0123456789abcdef0"
OTHERS_WEB = "sg-0fedcba9876543210"
"""Has the name of WEB, in the other VPC."""
CLASSIC = "shop-classic"


def target_group(region: str, name: str = "shop-web") -> str:
    """Its ARN."""
    return f"arn:aws:elasticloadbalancing:{region}:{OWNER}:targetgroup/{name}/0123456789abcdef"


def subnet(purpose: str, zone: str) -> str:
    """Id of the seeded subnet of that purpose (`internal`, `external`) in zone `a`, `b` or `c`."""
    return f"subnet-{'0' if purpose == 'internal' else 'f'}123456789abcde{zone}"


def seed(place: Place) -> None:
    """Images, network and load balancers. Six subnets: two purposes in three zones."""
    for image, name, created in (
        (GOOD_IMAGE, "shop-1.0.0-x86_64-20260101", "2026-01-01T00:00:00.000Z"),
        (NEWER_IMAGE, "shop-1.1.0-x86_64-20260201", "2026-02-01T00:00:00.000Z"),
        (BAD_IMAGE, "broken-1.0.0-x86_64-20260301", "2026-03-01T00:00:00.000Z"),
        (DYING_IMAGE, "dying-1.0.0-x86_64-20260301", "2026-03-01T00:00:00.000Z"),
    ):
        place.images[image] = Image(image, name, OWNER, created)
    place.never_healthy.add(BAD_IMAGE)
    place.dying.add(DYING_IMAGE)
    place.consoles[BAD_IMAGE] = "broken: cannot open /etc/broken.conf: no such file\n"
    place.parameters[PARAMETER] = GOOD_IMAGE
    for purpose in ("internal", "external"):
        tags = (("immutable_metadata", f'{{"purpose":"{purpose}","target":"ec2"}}'),)
        for zone in "abc":
            one = Subnet(subnet(purpose, zone), place.region + zone, VPC, tags)
            place.subnets[one.id] = one
    for group in (SecurityGroup(WEB, "shop-web", VPC), SecurityGroup(OTHERS_WEB, "shop-web", OTHER_VPC)):
        place.security_groups[group.id] = group
    arn = target_group(place.region)
    place.target_groups[arn] = TargetGroup(arn, "shop-web", VPC)
    place.classics.add(CLASSIC)


def neighbour(
    place: Place,
    name: str,
    capacity: Capacity = Capacity(1, 2, 3),  # noqa: B008 - frozen
    *,
    balanced: bool = True,
    operation: str | None = None,
) -> None:
    """A server group that has long been serving: somebody else's, or one that an operation made."""
    arn = target_group(place.region)
    balancers = ((arn,), (CLASSIC,)) if balanced else ((), ())
    subnets = tuple(subnet("internal", zone) for zone in "abc")
    tags = ((OPERATION_TAG, operation),) if operation else (("owner", "somebody else"),)
    settings = GroupSettings(subnets, (), balancers[0], balancers[1], tags=tags)
    instances = tuple(Instance(f"i-{place.number():017x}", "InService", healthy=True) for _ in range(capacity.desired))
    image = LaunchSettings(GOOD_IMAGE, "m5.large", (WEB,))
    place.templates.put(name, Template(name, f"lt-{place.number():017x}", image, None, settings.tags), ALWAYS)
    place.groups.put(name, Group(name, capacity, settings, name, instances=instances, arn=place.arn(name)), ALWAYS)
    for one in instances:
        place.instances[one.id] = Launched(name, GOOD_IMAGE)
    for balancer in (*balancers[0], *balancers[1]):
        standing = place.behind.get(balancer) or ()
        place.behind.put(balancer, standing + tuple(Target(one.id, ALWAYS) for one in instances), ALWAYS)
