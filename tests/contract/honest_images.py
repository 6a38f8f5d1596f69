"""moto's machine images, made to refuse what EC2 refuses of one that is not there, and found by their snapshots."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from moto.ec2.exceptions import InvalidAMIIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami, AmiBackend

Method = Callable[..., Any]


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AmiBackend, "describe_image_attribute", _of_known(AmiBackend.describe_image_attribute))
    monkeypatch.setattr(EC2Backend, "delete_tags", _of_known(EC2Backend.delete_tags))
    monkeypatch.setattr(Ami, "get_filter_value", _by_snapshot(Ami.get_filter_value))


def _of_known(method: Method) -> Method:
    """The first argument names one thing, or several; images among them have to be there."""

    @wraps(method)
    def refusing(backend: Any, named: Any, *given: Any, **more: Any) -> Any:
        for one in [named] if isinstance(named, str) else named:
            if one.startswith("ami-") and one not in backend.amis:
                raise InvalidAMIIdError(one)
        return method(backend, named, *given, **more)

    return refusing


def _by_snapshot(method: Method) -> Method:
    @wraps(method)
    def value(image: Any, name: str, *given: Any) -> Any:
        return image.ebs_snapshot.id if name == "block-device-mapping.snapshot-id" else method(image, name, *given)

    return value
