"""What people set up against beginnings: a locked cluster, a freeze. Whatever meets one holds, and begins afterwards.

It is looked at before a plan is made, where an operation has not touched anything yet. To wait there is no failure of a
step: its retry window has not begun, and the only end is the operation's own deadline.
"""

from lambdas.engine import freezes, guards
from lambdas.engine.tasks import stored_plan
from lambdas.errors import Paused
from lambdas.hub import Hub
from lambdas.rows import Control


def barred(hub: Hub, row: Control) -> str | None:
    """Why the operation may not begin now, or None. What has a plan has begun, and is let go on."""
    why = guards.locked_cluster(hub, row.cluster) or freezes.in_force(hub, row)
    return why if why and stored_plan(hub, row.id) is None else None


def may_begin(hub: Hub, row: Control) -> None:
    """Raises Paused: the operation holds, until the sweep finds that nothing bars it any more."""
    if (why := barred(hub, row)) is not None:
        raise Paused(why)
