"""What callers read of what people did."""

from datetime import datetime

from lambdas.api.views import View, instant
from lambdas.engine import acts
from lambdas.hub import Hub


class ActView(View):
    """What a person did."""

    at: datetime
    by: str
    did: str


def acts_of(hub: Hub, pk: str) -> tuple[ActView, ...]:
    """What people did last about the thing whose rows have that key, newest first."""
    return tuple(ActView(at=instant(one.at), by=one.by, did=one.did) for one in acts.read(hub, pk))
