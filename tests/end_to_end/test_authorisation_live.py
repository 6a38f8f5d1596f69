"""The deployed API decides by the policies that were deployed with it."""

import pytest

from tests.end_to_end.live import Live

pytestmark = pytest.mark.xdist_group("embedded")


@pytest.mark.parametrize(
    ("account", "allowed", "policies"),
    [("test", True, ["everybody-writes-outside-production"]), ("nobody-opted-it-in", False, [])],
)
def test_the_policies_are_there_and_decide(account: str, allowed: bool, policies: list[str], live: Live) -> None:
    got = live.ask("GET", f"/authorisation?action=destroyServerGroup&account={account}&application=shop")

    assert got.status == 200, got.text
    assert (got.json["allowed"], got.json["policies"]) == (allowed, policies)


def test_a_guard_where_nobody_may_write_is_not_locked(live: Live) -> None:
    path = "/guards/nobody-opted-it-in/us-east-1/serverGroup/shop-v001/lock"

    got = live.ask("PUT", path, {"reason": "mine"})

    assert got.status == 403
    assert "may not lock guard (account nobody-opted-it-in, " in got.json["detail"]
