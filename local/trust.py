"""AssumeRole as AWS decides it: by the trust policy of a role that is there, for the caller and the external id.

moto lets everybody into every role. What is decided here is `sts:AssumeRole` by AWS principals, with the conditions
that trust policies of ours have; a policy with any other condition lets nobody in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.core.exceptions import AccessDeniedError
from moto.core.responses import ActionResult
from moto.iam.models import Role, iam_backends
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from local.patches import replace

Json = dict[str, Any]
_moto = TokenResponse.assume_role


def _assume_role(self: TokenResponse) -> ActionResult:
    arn, said = str(self._get_param("RoleArn")), self._get_param("ExternalId")
    account, caller = self.current_account, _caller(self)
    if not _lets_in(arn, Caller(account, caller, said)):
        raise AccessDeniedError(caller, f"sts:AssumeRole on resource: {arn}")
    return _moto(self)


class Caller:
    """Who asks, as what, and which external id is said."""

    def __init__(self, account: str, arn: str, external_id: str | None) -> None:
        self.account, self.arn = account, arn
        self.keys = {"sts:externalid": external_id, "aws:principalarn": arn, "aws:principalaccount": account}


def _caller(response: TokenResponse) -> str:
    """A session is its role, as `aws:PrincipalArn` has it; keys that nobody has made are the account's root."""
    key, partition = response.get_access_key(), response.partition
    session = sts_backends[response.current_account][partition].get_assumed_role_from_access_key(key)
    return session.role_arn if session else f"arn:{partition}:iam::{response.current_account}:root"


def _lets_in(arn: str, caller: Caller) -> bool:
    role = _role(arn)
    if role is None:
        return False
    policy = json.loads(role.assume_role_policy_document)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    fitting = [one["Effect"] for one in statements if _fits(one, caller)]
    return "Allow" in fitting and "Deny" not in fitting


def _role(arn: str) -> Role | None:
    partition, account = arn.split(":")[1], arn.split(":")[4]
    backend = iam_backends[account][partition]
    return next((one for one in list(backend.roles.values()) if one.arn == arn), None)


def _fits(statement: Json, caller: Caller) -> bool:
    return (
        "sts:AssumeRole" in _list(statement["Action"])
        and _is_named(statement.get("Principal", {}), caller)
        and all(
            _holds(operator, {key.lower(): value for key, value in asked.items()}, caller.keys)
            for operator, asked in statement.get("Condition", {}).items()
        )
    )


def _is_named(principal: Any, caller: Caller) -> bool:
    named = ["*"] if principal == "*" else _list(principal.get("AWS", []))
    root = caller.arn.split(":")[1], caller.account
    return any(one in ("*", caller.account, caller.arn, f"arn:{root[0]}:iam::{root[1]}:root") for one in named)


def _holds(operator: str, asked: Mapping[str, Any], known: Mapping[str, str | None]) -> bool:
    pattern = operator in ("StringLike", "ArnLike", "ArnEquals")
    if not pattern and operator != "StringEquals":
        return False
    return all(_any(known.get(key), _list(wanted), pattern=pattern) for key, wanted in asked.items())


def _any(value: str | None, wanted: Iterable[str], *, pattern: bool) -> bool:
    return value is not None and any(fnmatchcase(value, one) if pattern else value == one for one in wanted)


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def install() -> None:
    replace(TokenResponse, assume_role=_assume_role)
