"""What keeps moto's state whole: it reads, decides and writes without locks of its own.

A conditional put would not be atomic between two threads, nor would a group and its instances agree.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any

COMPUTE = threading.RLock()
"""Held by every call of EC2, Auto Scaling and load balancing, and by the thread that lets their time pass."""

_LOCKS = {
    "autoscaling": COMPUTE,
    "ec2": COMPUTE,
    "elasticloadbalancing": COMPUTE,
    "dynamodb": threading.RLock(),
    "iam": threading.RLock(),
}


def of_service(service: str) -> contextlib.AbstractContextManager[Any]:
    return _LOCKS.get(service) or contextlib.nullcontext()
