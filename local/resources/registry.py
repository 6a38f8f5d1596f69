"""Every resource type that a stack may hold. A type that is not here fails the deployment by name."""

from __future__ import annotations

from local.resources import (
    alarms,
    buckets,
    domain_names,
    event_rules,
    identities,
    keys,
    lambdas,
    logs,
    machines,
    parameters,
    queues,
    rest_apis,
    tables,
    topics,
)
from local.resources.kinds import Kind

KINDS: dict[str, Kind] = (
    alarms.KINDS
    | buckets.KINDS
    | domain_names.KINDS
    | event_rules.KINDS
    | identities.KINDS
    | keys.KINDS
    | lambdas.KINDS
    | logs.KINDS
    | machines.KINDS
    | parameters.KINDS
    | queues.KINDS
    | rest_apis.KINDS
    | tables.KINDS
    | topics.KINDS
)
