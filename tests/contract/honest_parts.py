"""moto's Auto Scaling, made to keep and refuse what AWS keeps and refuses of what groups have about them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend

MOST_TAGS = 50


def install(monkeypatch: pytest.MonkeyPatch, deleting: set[str]) -> None:
    """`deleting` names the groups that are pending delete."""
    _tags(monkeypatch, deleting)


def _tags(monkeypatch: pytest.MonkeyPatch, deleting: set[str]) -> None:
    def limited(backend: Any, tags: list[dict[str, Any]]) -> None:
        group = backend.autoscaling_groups[tags[0]["ResourceId"]]
        if len({tag["Key"] for tag in (*group.tags, *tags)}) > MOST_TAGS:
            raise AutoscalingClientError("LimitExceeded", f"A group can have at most {MOST_TAGS} tags")

    for method, limit in (("create_or_update_tags", limited), ("delete_tags", lambda *_: None)):
        changed = getattr(AutoScalingBackend, method)
        monkeypatch.setattr(AutoScalingBackend, method, _of_standing_groups(changed, deleting, limit))


def _of_standing_groups(
    changed: Callable[..., None], deleting: set[str], limit: Callable[[Any, list[dict[str, Any]]], None]
) -> Callable[..., None]:
    @wraps(changed)
    def guarded(backend: Any, tags: list[dict[str, Any]]) -> None:
        for tag in tags:
            immovable(backend, tag["ResourceId"], deleting)
        limit(backend, tags)
        changed(backend, tags)

    return guarded


def immovable(backend: Any, group: str, deleting: set[str]) -> None:
    """Refuse for a group that is absent, or on its way out."""
    if group not in backend.autoscaling_groups:
        raise ValidationError("AutoScalingGroup name not found - null")
    if group in deleting:
        raise ValidationError("The AutoScaling group may not be modified while it is pending delete")
