"""suspendAsgProcesses: keep Auto Scaling processes of a server group from running."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Invalid, Json, OfOneServerGroup, account_of
from lambdas.requests.create_server_group import Process
from lambdas.requests.resume_asg_processes import KNOWN, ProcessesDescription


class SuspendAsgProcesses(OfOneServerGroup):
    """Suspend Auto Scaling processes of one server group."""

    processes: tuple[Process, ...] = Field(min_length=1)
    """The processes to suspend; those that are suspended already stay so, also if this operation is put back."""
    tolerant: bool = False
    """As Clouddriver does: succeed with nothing done if the group is absent."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"suspendAsgProcesses", "suspendAsgProcessesDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Codes are those of `SuspendAsgProcessesDescriptionValidator.groovy`."""
        account = account_of(description)
        read = ProcessesDescription.read(description)
        found = list(read.refused("SuspendAsgProcessesDescription", accounts.get(account)))
        if not all(process.lower() in KNOWN for process in read.processes):
            found.append("suspendAsgProcessesDescription.processes.not.valid")
        if found:
            raise Invalid(found)
        shared = {"account": account, "processes": read.processes, "tolerant": True}
        return [cls.normalised(shared | {"region": asg.region, "server_group_name": asg.name}) for asg in read.folded]
