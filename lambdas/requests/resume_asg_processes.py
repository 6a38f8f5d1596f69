"""resumeAsgProcesses: let suspended Auto Scaling processes of a server group run again."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import AsgsDescription, Invalid, Json, OfOneServerGroup, account_of
from lambdas.requests.create_server_group import PROCESSES, Process

KNOWN = frozenset(process.lower() for process in PROCESSES)


class ProcessesDescription(AsgsDescription):
    """Server groups, and processes in any case."""

    processes: tuple[str, ...] = ()


class ResumeAsgProcesses(OfOneServerGroup):
    """Resume Auto Scaling processes of one server group."""

    processes: tuple[Process, ...] = Field(min_length=1)
    """The processes to resume; those that are not suspended stay as they are."""
    tolerant: bool = False
    """As Clouddriver does: succeed with nothing done if the group is absent."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"resumeAsgProcesses", "resumeAsgProcessesDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account = account_of(description)
        read = ProcessesDescription.read(description)
        asgs = read.groups("ResumeAsgProcessesDescription", accounts.get(account))
        # The code is Clouddriver's own slip: `ResumeAsgProcessesDescriptionValidator.groovy`.
        if not all(process.lower() in KNOWN for process in read.processes):
            raise Invalid(("createNetworkInterfaceDescription.processes.not.valid",))
        return [
            cls.normalised(
                {
                    "account": account,
                    "region": asg.region,
                    "server_group_name": asg.name,
                    "processes": read.processes,
                    "tolerant": True,
                }
            )
            for asg in asgs
        ]
