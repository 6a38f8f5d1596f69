"""DNS records: the one asked for, and the one from before."""

from dataclasses import dataclass

from lambdas.activities import lookups, restoring
from lambdas.cloud import Cloud
from lambdas.cloud.records import Record, Records
from lambdas.errors import NotFound, Rejected
from lambdas.requests.upsert_amazon_dns import UpsertAmazonDns

ACTIONS = (
    "cloudwatch:DescribeAlarms",
    "route53:ChangeResourceRecordSets",
    "route53:ListHostedZonesByName",
    "route53:ListResourceRecordSets",
)
READS = ("route53:ListResourceRecordSets",)


@dataclass(frozen=True)
class RecordPlan:
    account: str
    region: str
    zone: str
    """Id of the hosted zone."""
    before: Record | None
    after: Record
    schema: int = 1


def plan_upsert(request: UpsertAmazonDns, cloud: Cloud) -> RecordPlan:
    """Find the hosted zone, and the record as it stands."""
    lookups.alarms_exist(request, cloud)
    records = cloud.of(Records)
    try:
        zone = records.zone(request.hosted_zone_name)
    except NotFound:
        raise Rejected(f"there is no hosted zone {request.hosted_zone_name} in account {request.account}") from None
    after = Record(f"{request.name.rstrip('.').lower()}.", request.type, (_target(request, cloud),), request.ttl)
    before = restoring.read(lambda: records.find(zone, after.name, after.type))
    return RecordPlan(request.account, request.region, zone, before, after)


def _target(request: UpsertAmazonDns, cloud: Cloud) -> str:
    """As asked for, or the load balancer that the operation before it in its batch has made."""
    if request.target is not None:
        return request.target
    made = (names.get(request.region) for one in cloud.earlier() if (names := one.get("loadBalancers")))
    name = next((str(one["dnsName"]) for one in made if one and one.get("dnsName")), None)
    if name is None:
        raise Rejected(f"record {request.name} has no target: say one, or upsert its load balancer before it")
    return name


def put(plan: RecordPlan, cloud: Cloud) -> str:
    """Create or replace the record, unless somebody has changed it since it was planned."""
    return restoring.apply(_what(plan), _there(plan, cloud), plan.before, plan.after, _Writer(plan, cloud))


def restore(plan: RecordPlan, cloud: Cloud) -> str:
    """Restore the record from before, or remove the new one, unless somebody has changed it since."""
    return restoring.restore(_what(plan), _there(plan, cloud), plan.before, plan.after, _Writer(plan, cloud), cloud)


def left_behind(plan: RecordPlan, cloud: Cloud) -> None:
    """Whether the record is as this operation made it, although it was put back."""
    restoring.left_behind(_what(plan), _there(plan, cloud), plan.before, plan.after)


def difference(plan: RecordPlan) -> restoring.Difference:
    """The record."""
    return restoring.difference("record", plan.before, plan.after)


def _there(plan: RecordPlan, cloud: Cloud) -> Record | None:
    return restoring.read(lambda: cloud.of(Records).find(plan.zone, plan.after.name, plan.after.type))


def _what(plan: RecordPlan) -> str:
    return f"record {plan.after.type} {plan.after.name}"


class _Writer:
    def __init__(self, plan: RecordPlan, cloud: Cloud) -> None:
        self._plan, self._records = plan, cloud.of(Records)

    def __call__(self, record: Record | None) -> None:
        if record is None:
            self._records.delete(self._plan.zone, self._plan.after)
        else:
            self._records.put(self._plan.zone, record)
