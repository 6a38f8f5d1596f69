"""The trace of X-Ray that an invocation belongs to, in the words that Step Functions takes."""

import re
from collections.abc import Mapping

VARIABLE = "_X_AMZN_TRACE_ID"
"""Lambda writes it anew before each invocation.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""
_PARTS = {
    "Root": re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}"),
    "Parent": re.compile(r"[0-9a-f]{16}"),
    "Sampled": re.compile(r"[01]"),
}
"""https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader"""


def header(environ: Mapping[str, str]) -> str:
    """`Root=…;Parent=…;Sampled=…`, as far as the invocation has them; empty without a root.

    What is not well-formed is left out, and so is all else that Lambda adds (`Lineage`): a header that Step Functions
    refused would keep an operation from starting.
    """
    told = dict(part.strip().partition("=")[::2] for part in environ.get(VARIABLE, "").split(";"))
    kept = {name: told[name] for name, form in _PARTS.items() if form.fullmatch(told.get(name, ""))}
    return ";".join(f"{name}={value}" for name, value in kept.items()) if "Root" in kept else ""
