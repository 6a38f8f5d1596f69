"""A cloud that writes down what it is told to change: reads are answered, no change is made.

So a step or an undo can be asked what it would do now. It says so in AWS's own calls, since the real adapters make
them: whatever the code looks at first (whose a thing is, whether it stands as this operation left it) it looks at here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lambdas.cloud import Cloud, Departures
from lambdas.errors import Rejected
from lambdas.redaction import HIDDEN, redacted
from lambdas.values import changed

Json = dict[str, Any]
READING = ("describe_", "list_", "get_", "validate_")
"""How the names of boto3's calls begin that change nothing, its paginators among them."""
SECRET = {"UserData", "Parameters", "TemplateBody"}
"""What may hold a secret and is no name of a thing: whoever acts has to fill it in."""


@dataclass
class Notes:
    """What was told."""

    calls: list[Json] = field(default_factory=list)
    """`service` (boto3's name), `call`, `parameters`, `account` (AWS's number)."""
    words: list[str] = field(default_factory=list)
    """Changes that could not be put into calls."""

    def note(self, account: str, service: str, call: str, parameters: Json) -> Json:
        """Note a call of boto3; what AWS would have answered nobody knows."""
        told = {"account": account, "service": service, "call": call, "parameters": shown(parameters)}
        self.calls.append(told)
        return {}


class Clients(dict[str, Any]):
    """The clients of a session in an account in the hands of a scribe, by boto3's name of the service."""

    def __init__(self, notes: Notes, account: str, real: Mapping[str, Any]) -> None:
        super().__init__()
        self._notes, self._account, self._real = notes, account, real

    def __missing__(self, service: str) -> "Client":
        made = self[service] = Client(partial(self._notes.note, self._account, service), self._real[service])
        return made


class Client:
    """A client of boto3: its reads are answered, every other call is noted."""

    def __init__(self, note: Callable[[str, Json], Json], real: Any) -> None:
        self._note, self._real = note, real

    def __getattr__(self, call: str) -> Any:
        if call.startswith(READING):
            return getattr(self._real, call)
        return lambda **parameters: self._note(call, parameters)


def idle(cloud: Cloud) -> Cloud:
    """The cloud without what steps note elsewhere: nobody's secret is read, and nothing leaves a cluster."""
    blind = {"secrets": _Hidden(), "clusters": _Unmoved(cloud.clusters), "findings": [], "results": {}}
    return changed(cloud, **blind)


def shown(value: Any, name: str = "") -> Any:
    """The value as JSON, without what may be a secret."""
    if name in SECRET and value:
        return HIDDEN
    if isinstance(value, Mapping):
        return {key: shown(one, key) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [shown(one) for one in value]
    return redacted(value) if isinstance(value, str) else value


class _Hidden:
    """`lambdas.cloud.Secrets`."""

    def text(self, reference: str) -> str:
        raise Rejected(f"it takes {reference} from the request, which is shown to nobody: ask for the operation anew")


class _Unmoved:
    """`lambdas.cloud.Clusters`, as far as they are read: nothing leaves anything."""

    def __init__(self, clusters: Any) -> None:
        self._clusters = clusters

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clusters, name)

    def depart(self, group: str, seen: Departures) -> None:
        pass

    def lose(self, group: str, going: Callable[[], int], standing: Callable[[], int]) -> str:
        return ""
