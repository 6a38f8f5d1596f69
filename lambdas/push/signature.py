"""How a receiver knows that a webhook is ours, and new: Standard Webhooks, symmetric.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as the specification asks."""


def headers(identifier: str, at: int, body: str, secrets: Sequence[str]) -> dict[str, str]:
    """Signed with each secret: while one is being replaced, the receiver may know either."""
    signed = f"{identifier}.{at}.{body}".encode()
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{_signature(key_of(one), signed)}" for one in secrets),
    }


def key_of(secret: str) -> bytes:
    """Raises ValueError, which never repeats the secret."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"begins with {PREFIX}, then base64")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"is base64 behind {PREFIX}") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"has {SHORTEST} to {LONGEST} bytes behind {PREFIX}, not {len(key)}")
    return key


def _signature(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
