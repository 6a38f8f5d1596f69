"""Clouddriver's operations for AWS, one by one: which of Windlass's does it, and how it is proven; or why none does.

`python -m rehearsal catalogue` writes docs/catalogue.md. The list is Clouddriver's own: the converters in
`clouddriver-aws/src/main/{java,groovy}/…/aws/deploy/converters` (2f5e98f0, May 2025), each with the name of its
`@AmazonOperation` and that of its bean.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambdas.requests.retired import RETIRED
from rehearsal import scenarios
from statemachines import ALL, AnySaga, reference

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "catalogue.md"


@dataclass(frozen=True)
class Operation:
    """One of Clouddriver's."""

    name: str
    """In `AtomicOperations.java`, or the bean's where it is not there."""
    legacy: str = ""
    """The bean's name besides, if it has one."""
    why_not: str = ""
    """Why Windlass refuses it; empty where it does it."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.name, self.legacy)))


CLOUDDRIVER: Mapping[str, tuple[Operation, ...]] = {
    "Server groups": (
        Operation("createServerGroup", "basicAmazonDeployDescription"),
        Operation("cloneServerGroup", "copyLastAsgDescription"),
        Operation("resizeServerGroup", "resizeAsgDescription"),
        Operation("destroyServerGroup", "destroyAsgDescription"),
        Operation("disableServerGroup", "disableAsgDescription"),
        Operation("enableServerGroup", "enableAsgDescription"),
        Operation("upsertServerGroupTags", "upsertAsgTagsDescription"),
        Operation("deleteAsgTagsDescription"),
        Operation("updateLaunchConfig", "modifyAsgLaunchConfigurationDescription"),
        Operation("updateLaunchTemplate", "modifyServerGroupLaunchTemplateDescription"),
        Operation("modifyAsgDescription"),
        Operation("suspendAsgProcessesDescription"),
        Operation("resumeAsgProcessesDescription"),
        Operation("upsertAsgScheduledActionsDescription"),
        Operation("upsertScalingPolicy"),
        Operation("deleteScalingPolicy"),
        Operation("upsertAlarmDescription"),
        Operation("deleteAlarmDescription"),
        Operation("upsertAsgLifecycleHookDescription"),
        Operation("deleteLaunchConfiguration"),
        Operation("deleteLaunchTemplate"),
    ),
    "Instances": (
        Operation("terminateInstances"),
        Operation("terminateInstanceAndDecrementServerGroup", "terminateInstanceAndDecrementAsgDescription"),
        Operation("detachInstances"),
        Operation("rebootInstances"),
        Operation("registerInstancesWithLoadBalancer", "registerInstancesWithLoadBalancerDescription"),
        Operation("deregisterInstancesFromLoadBalancer", "deregisterInstancesFromLoadBalancerDescription"),
        Operation("enableInstancesInDiscovery"),
        Operation("disableInstancesInDiscovery"),
        Operation("updateInstances"),
        Operation("attachClassicLinkVpc", "attachClassicLinkVpcDescription", RETIRED["attachClassicLinkVpc"]),
        Operation("createNetworkInterfaceDescription"),
    ),
    "Network": (
        Operation("upsertLoadBalancer"),
        Operation("deleteLoadBalancer", "deleteAmazonLoadBalancerDescription"),
        Operation("upsertSecurityGroup"),
        Operation("deleteSecurityGroup"),
        Operation("upsertAmazonDNSDescription"),
    ),
    "Images and stacks": (
        Operation("allowLaunchDescription"),
        Operation("upsertImageTags", "upsertAmiTagsDescription"),
        Operation("deleteImage"),
        Operation("deleteSnapshot"),
        Operation("deployCloudFormation", "deployCloudFormationDescription"),
        Operation("executeCloudFormationChangeSet", "executeCloudFormationChangeSetDescription"),
        Operation("deleteCloudFormationChangeSet", "deleteCloudFormationChangeSetDescription"),
        Operation("deleteCloudFormation", "deleteCloudFormationDescription"),
    ),
}


def catalogue(arguments: Sequence[str]) -> int:
    """Write the page; with `--check` 1 where it is stale."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal catalogue", description="Write docs/catalogue.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if it is stale")
    text = page()
    if not parser.parse_args(arguments).check:
        PAGE.write_text(text)
        return 0
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    print(f"{PAGE.relative_to(ROOT)} is stale; run `python -m rehearsal catalogue`", file=sys.stderr)
    return 1


def found() -> dict[Operation, AnySaga | None]:
    """The saga that does each operation, if any does."""
    by_name = {name: saga for saga in ALL for name in saga.request_type.clouddriver_names}
    every = (one for operations in CLOUDDRIVER.values() for one in operations)
    return {one: next((by_name[name] for name in one.names if name in by_name), None) for one in every}


def rehearsed(saga: AnySaga) -> tuple[str, ...]:
    """Names of the scenarios in which the saga is swept."""
    return tuple(one.name for one in scenarios.ALL if one.operation == saga.operation)


def tested(saga: AnySaga) -> tuple[str, ...]:
    """The modules of `tests/requests` that name its request, its saga or the operation."""
    names = (saga.request_type.__name__, reference(saga).rpartition(":")[2], f'"{saga.operation}"')
    every = sorted((ROOT / "tests" / "requests").glob("test_*.py"))
    return tuple(path.name for path in every if any(name in path.read_text() for name in names))


def page() -> str:
    """Markdown: a table for each kind, and how much there is."""
    sagas = found()
    done = [one for one in sagas.values() if one is not None]
    lines = [
        "# Clouddriver's operations for AWS",
        "",
        "<!-- Generated by `python -m rehearsal catalogue`. -->",
        "",
        f"Of Clouddriver's {len(sagas)} operations Windlass does {len(done)}. Every name of each works at",
        "`POST /aws/ops`; the second is the bean's, which Clouddriver keeps for old callers. *Swept* are the scenarios",
        "in which every call goes wrong in every way (`python -m rehearsal sweep NAME`), *tested* where its",
        "requests are (`tests/requests`); its path of states is in `tests/statemachines`. What is otherwise than in",
        "Clouddriver, field by field, stands [below](#what-is-otherwise). Later Clouddrivers have warm pools too",
        "(`upsertWarmPool`, `deleteWarmPool`), which Windlass does not know: they are refused as any unknown name is.",
        "",
    ]
    for kind, operations in CLOUDDRIVER.items():
        lines += [f"## {kind}", "", "| Clouddriver | Windlass | swept | tested |", "|---|---|---|---|"]
        lines += [_row(one, sagas[one]) for one in operations]
        lines.append("")
    lines += _more(done)
    lines += _otherwise(done)
    return "\n".join(lines).rstrip() + "\n"


def _row(operation: Operation, saga: AnySaga | None) -> str:
    names = ", ".join(f"`{name}`" for name in operation.names)
    if saga is None:
        return f"| {names} | {operation.why_not or 'not yet'} | | |"
    swept = ", ".join(f"`{name}`" for name in rehearsed(saga))
    return f"| {names} | {_linked(saga)} | {swept} | {', '.join(f'`{name}`' for name in tested(saga))} |"


def _more(done: Sequence[AnySaga]) -> Iterator[str]:
    others = [saga for saga in ALL if saga not in done]
    if others:
        yield "## Windlass's own"
        yield ""
        yield from (f"* {_linked(saga)}: {', '.join(f'`{name}`' for name in rehearsed(saga))}" for saga in others)
        yield ""


def _otherwise(done: Sequence[AnySaga]) -> Iterator[str]:
    yield "## What is otherwise"
    yield ""
    yield "What all have in common stands in [Beside a Spinnaker](spinnaker.md#what-is-different-from-clouddriver)."
    for saga in dict.fromkeys(done):
        if said := saga.request_type.otherwise:
            yield from ("", f"### {saga.operation}", "", *(f"* {sentence}" for sentence in said))


def _linked(saga: AnySaga) -> str:
    module = reference(saga).partition(":")[0].rpartition(".")[2]
    return f"[`{saga.operation}`](operations/{module}.md)"
