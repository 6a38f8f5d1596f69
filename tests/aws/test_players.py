"""Who plays a noun in an account: Windlass's adapter, or the class that the account's row names."""

from typing import Any

import pytest

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.cloud.discovery import Discovery
from lambdas.cloud.records import Records
from lambdas.errors import Rejected
from lambdas.nouns import adapted
from rehearsal.memory_table import MemoryTable


class Player:
    """Made from the clients, and an address."""

    def __init__(self, *made_from: Any) -> None:
        self.made_from = made_from


def test_the_class_that_is_named_plays_the_noun_and_gets_the_address() -> None:
    clients: dict[str, Any] = {"route53": "a client"}
    more = adapted(
        clients, {"discovery": f"{__name__}:Player@https://eureka.example.com", "records": f"{__name__}:Player"}
    )

    assert more.of(Discovery).made_from == (clients, "https://eureka.example.com")  # type: ignore[attr-defined]
    assert more.of(Records).made_from == (clients,)  # type: ignore[attr-defined]
    assert type(adapted(clients).of(Records)).__name__ == "Route53"


def test_a_noun_that_nobody_plays_is_refused() -> None:
    with pytest.raises(Rejected, match=r"nobody plays discovery in this account; name who does in its row"):
        adapted({}).of(Discovery)


def test_an_accounts_players_are_kept() -> None:
    table = MemoryTable()
    account = Account("test", "123456789012", ("us-east-1",), plays=(("discovery", "ours:Eureka"),))

    accounts.put(table, account)

    assert accounts.find(table, "test") == account
