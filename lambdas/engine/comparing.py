"""An operation's plan beside the cloud as it stands: for whoever takes stock after people acted by hand.

Reads only. What becomes of the operation is for signals, for its machine, and for recovery to settle.
"""

from collections.abc import Callable

from lambdas.engine import control, ends
from lambdas.engine.tasks import Sagas, plan_of, saga_named, stored_plan
from lambdas.errors import WindlassError
from lambdas.hub import Hub, Json


def compared(hub: Hub, sagas: Sagas, operation: str) -> Json:
    """What of its doing stands (`left`; null where the operation cannot tell), and why each wait would not pass.

    Raises NotFound, and Transient for an operation of a newer release.
    """
    row = control.read(hub, operation)
    saga = saga_named(row.saga, sagas)
    stored = stored_plan(hub, operation)
    if stored is None:
        return {"planned": False}
    plan, cloud = plan_of(saga, stored), hub.cloud(row.account, row.region, row.id)
    left = None if saga.left is None else _said(lambda: ends.left_behind(hub, saga, row) or None) or ""
    waits = {wait.name: _said(lambda check=wait.check: check(plan, cloud)) for wait in saga.waits}  # type: ignore[misc]
    return {"planned": True, "left": left, "waits": waits}


def _said(look: Callable[[], str | None]) -> str | None:
    """The answer, or what kept it from being had."""
    try:
        return look()
    except WindlassError as error:
        return f"{type(error).__name__}: {error}"
