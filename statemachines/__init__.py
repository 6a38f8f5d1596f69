"""The operations: one module each, found because it is here; all of them in `ALL`.

A deployment may have others too, or only some: `WINDLASS_OPERATIONS` lists them, `aws` for all of ours and
`module:NAME` for any other saga.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from saga import Saga

AnySaga = Saga[Any, Any, Any]

OURS = "aws"
"""Stands for `ALL`."""
VARIABLE = "WINDLASS_OPERATIONS"
_TOOLS = ("__main__",)
_WORD = re.compile(r"(?<!^)(?=[A-Z])")

ALL: tuple[AnySaga, ...]
"""All of ours; found at its first use, since a function that runs one operation imports no other."""


def __getattr__(name: str) -> Any:
    if name != "ALL":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()["ALL"] = tuple(_module(one) for one in _modules())
    return found


def _modules() -> Iterator[str]:
    return (one.name for one in iter_modules(__path__) if not one.ispkg and one.name not in _TOOLS)


def _module(name: str) -> AnySaga:
    """`create_server_group.py` holds `CREATE_SERVER_GROUP`."""
    found: AnySaga = getattr(import_module(f"{__name__}.{name}"), name.upper())
    return found


def ours() -> tuple[AnySaga, ...]:
    """`ALL`, for this module's own use."""
    found: tuple[AnySaga, ...] = getattr(sys.modules[__name__], "ALL")  # noqa: B009  a global would not be found
    return found


class Registered(Mapping[str, AnySaga]):
    """The sagas of this deployment by name, each imported at its first use.

    Raises ValueError for a reference to what is none.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._references = [one for one in environ.get(VARIABLE, OURS).split(",") if one]
        self._known: dict[str, AnySaga] = {}
        self._complete = False

    def __getitem__(self, name: str) -> AnySaga:
        if name not in self._known and not self._complete:
            self._find(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _find(self, name: str) -> None:
        module = _WORD.sub("_", name).lower()
        if OURS in self._references and module in _modules():
            self._known[name] = _module(module)
        else:
            self._all()

    def _all(self) -> Mapping[str, AnySaga]:
        if not self._complete:
            found = (saga for one in self._references for saga in (ours() if one == OURS else (referred(one),)))
            self._known, self._complete = {saga.name: saga for saga in found}, True
        return self._known


def references(sagas: Sequence[AnySaga]) -> tuple[str, ...]:
    """What `Registered` finds them by. Raises ValueError for one that no module holds."""
    of_ours = [saga for saga in sagas if saga in ours()]
    whole = len(of_ours) == len(ours())
    return (*((OURS,) if whole else map(reference, of_ours)), *(reference(one) for one in sagas if one not in of_ours))


def reference(saga: AnySaga) -> str:
    """`acme.rollout:ROLLOUT`: the module that holds it, in the package that its plan is in.

    Of several the one that is called as it is: a module may use another's saga.
    """
    homes = (saga.plan.__module__.partition(".")[0], __name__)
    modules = [(name, module) for name, module in sys.modules.items() if name.partition(".")[0] in homes]
    found = [(name, attribute) for name, one in modules for attribute, value in vars(one).items() if value is saga]
    if not found:
        raise ValueError(f"saga {saga.name} is no attribute of a module in {homes[0]}: give it a name there")
    own = _WORD.sub("_", saga.name).lower()
    module, attribute = min(found, key=lambda one: (one[0].rpartition(".")[2] != own, one))
    return f"{module}:{attribute}"


def referred(reference: str) -> AnySaga:
    """The saga of that reference. Raises ValueError."""
    module, _, name = reference.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{reference} is no saga: {error}; write module:NAME, as acme.rollout:ROLLOUT") from None
    if not isinstance(found, Saga):
        raise ValueError(f"{reference} is {type(found).__name__}, no saga")
    return found
