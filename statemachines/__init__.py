"""The operations: one module each, found because it is here; all of them in `ALL`."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from saga import Saga

_TOOLS = ("__main__",)


def _found() -> Iterator[Saga[Any, Any, Any]]:
    """By module: `create_server_group.py` holds `CREATE_SERVER_GROUP`."""
    for module in iter_modules(__path__):
        if not module.ispkg and module.name not in _TOOLS:
            yield getattr(import_module(f"{__name__}.{module.name}"), module.name.upper())


ALL: tuple[Saga[Any, Any, Any], ...] = tuple(_found())
