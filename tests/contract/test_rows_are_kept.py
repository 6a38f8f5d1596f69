"""Rows of operations say when DynamoDB may delete them; everything else stays."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws

from lambdas.dynamo import DynamoTable, item_of
from lambdas.table import KEPT_UNTIL, Key, Put, Update
from tests.contract.recording import recorded
from tests.contract.test_table_contract import dynamo

CONTROL, STEP, GUARD = Key("op#a", "control"), Key("op#a", "step#one"), Key("guard#g", "guard")
DAY = timedelta(days=1)


class Kept:
    """A table that keeps rows for a day, and a clock that only a test sets forward."""

    def __init__(self) -> None:
        dynamo()
        self.client: Any = recorded("dynamodb")
        self.now = 1000.5
        self.table = DynamoTable(self.client, "windlass", kept=DAY, now=lambda: self.now)

    def until(self, key: Key) -> str | None:
        found = self.client.get_item(TableName="windlass", Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
        return found["Item"].get(KEPT_UNTIL, {}).get("N")  # type: ignore[no-any-return]


@pytest.fixture
def kept() -> Iterator[Kept]:
    with mock_aws():
        yield Kept()


def test_a_row_of_an_operation_stays_for_so_long_after_its_last_write(kept: Kept) -> None:
    kept.table.write(Put(CONTROL, {"version": 1}), Put(STEP, {}))
    kept.now += 500
    kept.table.write(Update(CONTROL, {"version": 2}))

    assert (kept.until(CONTROL), kept.until(STEP)) == ("87900", "87400")


def test_an_update_that_only_counts_keeps_it_too(kept: Kept) -> None:
    kept.table.write(Update(STEP, add={"attempts": 1}))

    assert kept.until(STEP) == "87400"


def test_what_is_no_operation_s_stays(kept: Kept) -> None:
    kept.table.write(Put(GUARD, {"owner": "a"}))
    kept.table.write(Update(GUARD, {"owner": "b"}))

    assert kept.until(GUARD) is None


def test_nobody_sees_when_it_goes(kept: Kept) -> None:
    kept.table.write(Put(CONTROL, {"version": 1}))

    assert kept.table.get(CONTROL) == {"pk": "op#a", "sk": "control", "version": 1}
    assert item_of({"version": {"N": "1"}, KEPT_UNTIL: {"N": "87400"}}) == {"version": 1}


def test_a_table_that_keeps_for_ever_dates_nothing(kept: Kept) -> None:
    DynamoTable(kept.client, "windlass").write(Put(CONTROL, {"version": 1}))

    assert kept.until(CONTROL) is None
