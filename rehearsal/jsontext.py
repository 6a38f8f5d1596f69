"""JSON as text: copies that share nothing, and the size that Step Functions measures."""

import json
from typing import Any

Json = Any
"""What JSON can hold. Typed no closer: it enters here, and paths reach anywhere into it."""

LIMIT = 262_144
"""Bytes of UTF-8 that a state's input, output or result may have."""

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
decode = json.JSONDecoder().decode


def too_large(text: str) -> bool:
    length = len(text)
    return length > LIMIT or (length * 4 > LIMIT and len(text.encode("utf-8", "surrogatepass")) > LIMIT)
