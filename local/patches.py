"""How moto is extended: an attribute of one of its classes is replaced, and it is an error if it is not there."""

from __future__ import annotations


class MotoChangedError(Exception):
    """The installed moto no longer has what is replaced here."""


def replace(owner: object, **replacements: object) -> None:
    for name, replacement in replacements.items():
        if not hasattr(owner, name):
            raise MotoChangedError(f"moto's {getattr(owner, '__name__', owner)} has no {name} any more")
        setattr(owner, name, replacement)
