"""One table, two makers: what DynamoDB does and what the table in memory does are the same."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from lambdas.api import lists
from lambdas.dynamo import DynamoTable
from lambdas.engine import guards
from lambdas.errors import Broken, Rejected
from lambdas.table import (
    ENROLLED,
    PROJECTED,
    ROLLS,
    Absent,
    Among,
    Below,
    Check,
    Condition,
    Delete,
    Equal,
    Exists,
    Item,
    Key,
    Put,
    Refused,
    Table,
    Update,
    Write,
    roll_of,
    rolls,
)
from rehearsal.memory_table import MemoryTable
from tests.contract.recording import recorded, seeding

A, B, C = Key("op#a", "control"), Key("op#b", "control"), Key("op#a", "step#one")


def dynamo(name: str = "windlass") -> DynamoTable:
    """A new table with the indexes of the stack."""
    hashes = {"due": "shard", "applications": "application", "clusters": "cluster", "rolls": "roll"}
    ranges = {"due": "due", "applications": "accepted", "clusters": "accepted", "rolls": "accepted"}
    numbers = {"due", "accepted"}
    attributes = {"pk", "sk", *hashes.values(), *ranges.values()}
    seeding("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": one, "AttributeType": "N" if one in numbers else "S"} for one in sorted(attributes)
        ],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {"IndexName": one, "KeySchema": _keys(hashes[one], ranges[one]), "Projection": _projection(one)}
            for one in hashes
        ],
    )
    return DynamoTable(recorded("dynamodb"), name, pause=lambda _: None)


def _projection(index: str) -> Any:
    projected = {"due": PROJECTED, "rolls": ENROLLED}.get(index)
    if projected is None:
        return {"ProjectionType": "ALL"}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(projected)}


def _keys(partition: str, order: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": order, "KeyType": "RANGE"}]


@pytest.fixture(params=["aws", "memory"])
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    if request.param == "memory":
        yield MemoryTable()
        return
    request.getfixturevalue("aws")
    yield dynamo()


def outcome(call: Callable[[], Any]) -> Any:
    """What it gives, or what it refuses."""
    try:
        return call()
    except Refused as refused:
        return refused.writes
    except Broken:
        return Broken


def test_what_was_put_is_got_with_its_key(table: Table) -> None:
    item = {
        "status": "RUNNING",
        "attempt": 3,
        "until": 1700000000.25,
        "minus": -7,
        "tiny": 1e-9,
        "open": True,
        "closed": False,
        "tags": [["a", "b"], []],
        "nested": {"deep": {"x": None, "list": [1, 2.5, "three", {"four": 4}]}, "empty": {}},
        "empty": "",
    }

    table.write(Put(A, item))

    assert table.get(A) == {"pk": A.pk, "sk": A.sk, **item}
    assert table.get(B) is None


def test_whole_numbers_come_back_as_whole_numbers(table: Table) -> None:
    table.write(Put(A, {"count": 3, "big": 10**15}))

    found = table.get(A) or {}
    assert [type(found["count"]), type(found["big"])] == [int, int]


def test_a_tuple_is_read_as_a_list(table: Table) -> None:
    table.write(Put(A, {"ids": ("a", "b")}))

    assert (table.get(A) or {})["ids"] == ["a", "b"]


def test_an_attribute_put_as_none_is_absent(table: Table) -> None:
    table.write(Put(A, {"x": None, "y": 1}))

    assert table.get(A) == {"pk": A.pk, "sk": A.sk, "y": 1}
    table.write(Check(A, (Equal("x", None),)))


def test_a_put_replaces_the_whole_item(table: Table) -> None:
    table.write(Put(A, {"x": 1}))
    table.write(Put(A, {"y": 2}))

    assert table.get(A) == {"pk": A.pk, "sk": A.sk, "y": 2}


def test_what_is_read_can_be_changed_without_changing_the_table(table: Table) -> None:
    table.write(Put(A, {"list": [1]}))

    (table.get(A) or {})["list"].append(2)

    assert (table.get(A) or {})["list"] == [1]


def test_an_update_sets_adds_removes_and_leaves_the_rest(table: Table) -> None:
    table.write(Put(A, {"x": 1, "y": 2, "z": 3}))

    table.write(Update(A, set={"x": "one", "y": None}, add={"z": 2, "new": 1}))

    assert table.get(A) == {"pk": A.pk, "sk": A.sk, "x": "one", "z": 5, "new": 1}


@pytest.mark.parametrize("update", [Update(A, set={"x": 1}), Update(A, add={"x": 1})])
def test_an_update_creates_an_absent_item(table: Table, update: Update) -> None:
    table.write(update)

    assert table.get(A) == {"pk": A.pk, "sk": A.sk, "x": 1}


def test_an_update_without_changes_still_creates(table: Table) -> None:
    table.write(Update(A))

    assert table.get(A) == {"pk": A.pk, "sk": A.sk}


def test_a_delete_takes_the_item_and_an_absent_one_is_no_error(table: Table) -> None:
    table.write(Put(A, {}))

    table.write(Delete(A))
    table.write(Delete(A))

    assert table.get(A) is None


ITEMS: tuple[Item | None, ...] = (None, {}, {"n": 5}, {"n": "text"}, {"n": True}, {"n": 1}, {"n": [1, {"a": 2}]})
# moto takes true for 1, DynamoDB does not: no condition here compares the two.
CONDITIONS: tuple[Condition, ...] = (
    Exists(),
    Absent(),
    Equal("n", None),
    Equal("n", 5),
    Equal("n", 5.0),
    Equal("n", True),
    Equal("n", "text"),
    Equal("n", [1, {"a": 2}]),
    Below("n", 5),
    Below("n", 5.5),
    Among("n", ()),
    Among("n", ("text", 5)),
    Among("n", (None, "other")),
)


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_conditions_hold_alike_alone_and_in_a_transaction(condition: Condition, aws: object) -> None:
    real, memory = dynamo(), MemoryTable()
    # moto fails where DynamoDB compares a text or a truth with a number and finds it is not below.
    items = ITEMS[:3] if isinstance(condition, Below) else ITEMS

    for item in items:
        for each in (real, memory):
            each.write(Delete(A) if item is None else Put(A, item))
        alone = [outcome(lambda each=each: each.write(Update(A, when=(condition,)))) for each in (real, memory)]  # type: ignore[misc]
        for each in (real, memory):
            each.write(Delete(A) if item is None else Put(A, item))
        together = [
            outcome(lambda each=each: each.write(Put(B, {}), Check(A, (condition,))))  # type: ignore[misc]
            for each in (real, memory)
        ]
        assert alone[0] == alone[1], item
        assert together[0] == together[1], item


def test_all_conditions_of_a_write_have_to_hold(table: Table) -> None:
    table.write(Put(A, {"status": "RUNNING", "version": 2}))

    with pytest.raises(Refused):
        table.write(Update(A, set={"x": 1}, when=(Equal("status", "RUNNING"), Equal("version", 3))))

    table.write(Update(A, set={"x": 1}, when=(Equal("status", "RUNNING"), Equal("version", 2))))


def test_a_refused_transaction_names_its_writes_and_writes_nothing(table: Table) -> None:
    table.write(Put(B, {"x": 1}))

    with pytest.raises(Refused) as refused:
        table.write(
            Put(A, {}, when=(Absent(),)),
            Put(B, {}, when=(Absent(),)),
            Update(C, set={"y": 1}),
            Check(Key("guard#x", "guard"), (Exists(),)),
        )

    assert refused.value.writes == (1, 3)
    assert table.get(A) is None
    assert table.get(C) is None


def test_a_transaction_writes_all_kinds_at_once(table: Table) -> None:
    table.write(Put(B, {"x": 1}), Put(C, {"x": 1}))

    table.write(
        Put(A, {"new": True}, when=(Absent(),)),
        Update(B, add={"x": 1}, when=(Exists(),)),
        Delete(C, when=(Equal("x", 1),)),
        Check(Key("op#z", "control"), (Absent(),)),
    )

    assert [table.get(key) for key in (A, B, C)] == [
        {"pk": A.pk, "sk": A.sk, "new": True},
        {"pk": B.pk, "sk": B.sk, "x": 2},
        None,
    ]


def test_a_check_alone_is_judged_too(table: Table) -> None:
    table.write(Check(A, (Absent(),)))

    with pytest.raises(Refused):
        table.write(Check(A, (Exists(),)))


def test_no_writes_are_no_error(table: Table) -> None:
    table.write()


def test_a_hundred_writes_fit_into_a_transaction_and_no_more(table: Table) -> None:
    writes: list[Write] = [Put(Key("op#a", f"step#{n:03}"), {}) for n in range(101)]

    table.write(*writes[:100])
    with pytest.raises(Broken):
        table.write(*writes)

    assert len(table.of("op#a")) == 100


def test_one_item_cannot_be_written_twice_in_a_transaction(table: Table) -> None:
    with pytest.raises(Broken):
        table.write(Put(A, {}), Delete(A))


@pytest.mark.parametrize(
    "write",
    [
        Put(Key("a" * 2_049, "control"), {}),
        Put(Key("op#a", "a" * 1_025), {}),
        Put(Key("é" * 1_025, "control"), {}),
        Put(A, {"application": "", "accepted": 1.0}),
    ],
    ids=["partition", "sort", "bytes", "index"],
)
def test_what_dynamodb_cannot_hold_is_a_bug(table: Table, write: Write) -> None:
    with pytest.raises(Broken):
        table.write(write)

    assert table.get(A) is None


def test_the_table_in_memory_refuses_what_dynamodb_refuses_and_moto_lets_pass() -> None:
    table = MemoryTable()

    for value in (10**39 + 1, float("inf"), "\ud800"):
        with pytest.raises(Broken):
            table.write(Put(A, {"request": {"value": value}}))
    with pytest.raises(Broken):
        table.get(Key("a" * 2_049, "control"))
    with pytest.raises(Broken):
        table.listed("application", "")


def test_adding_to_text_is_a_bug(table: Table) -> None:
    table.write(Put(A, {"x": "text"}))

    with pytest.raises(Broken):
        table.write(Update(A, add={"x": 1}))


def test_a_partition_is_read_in_order_and_by_prefix(table: Table) -> None:
    for sk in ("step#b", "control", "step#a", "steps"):
        table.write(Put(Key("op#a", sk), {}))
    table.write(Put(B, {}))

    assert [item["sk"] for item in table.of("op#a")] == ["control", "step#a", "step#b", "steps"]
    assert [item["sk"] for item in table.of("op#a", "step#")] == ["step#a", "step#b"]
    assert table.of("op#none") == []


def test_a_partition_larger_than_a_page_is_read_whole(table: Table) -> None:
    for n in range(12):
        table.write(Put(Key("op#a", f"step#{n:02}"), {"text": "x" * 200_000}))

    assert [item["sk"] for item in table.of("op#a")] == [f"step#{n:02}" for n in range(12)]


def test_what_is_due_comes_earliest_first_from_all_shards(table: Table) -> None:
    for n in (30, 10, 20, 40):
        table.write(Put(Key(f"op#{n}", "control"), {"due": n, "saga": "Grow", "n": n}))
    table.write(Update(Key("op#15", "control"), set={"due": 15.5}))

    assert [item["due"] for item in table.due(30)] == [10, 15.5, 20, 30]
    assert table.due(30)[0] == {"pk": "op#10", "sk": "control", "due": 10, "saga": "Grow"}


def test_the_due_index_tells_what_is_projected_and_nothing_else(table: Table) -> None:
    times = {"deadline", "expires", "clear", "start_by", "finish_by"}
    known = {name: 7 if name in times else name for name in PROJECTED}
    table.write(Put(A, {"due": 10, "reason": "long", "token": "secret", **known}))

    assert table.due(10) == [{"pk": A.pk, "sk": A.sk, "due": 10, **known}]


@pytest.mark.parametrize(
    "write", [Update(A, set={"due": None}), Put(A, {"x": 1}), Put(A, {"due": None}), Delete(A)], ids=str
)
def test_a_row_without_due_is_in_no_index(table: Table, write: Write) -> None:
    table.write(Put(A, {"due": 10}))

    table.write(write)

    assert table.due(100) == []


def test_an_update_of_something_else_leaves_a_row_due(table: Table) -> None:
    table.write(Put(A, {"due": 10}))

    table.write(Update(A, set={"x": 1}))
    table.write(Update(A, add={"due": 5}))

    assert [item["due"] for item in table.due(100)] == [15]


def test_an_item_that_an_addition_makes_due_is_due(table: Table) -> None:
    table.write(Update(A, add={"due": 5}))

    assert [item["pk"] for item in table.due(100)] == [A.pk]


def test_a_due_row_can_be_put_back_as_it_was_read(table: Table) -> None:
    table.write(Put(A, {"due": 10}))

    table.write(Put(A, table.due(100)[0] | {"due": 20}))

    assert table.due(15) == []
    assert table.get(A) == {"pk": A.pk, "sk": A.sk, "due": 20}


def test_the_backlog_stands_apart_from_what_else_is_due(table: Table) -> None:
    for n in (30, 10, 20, 40):
        table.write(Put(Key(f"op#{n}", "control"), {"due": n, "backlog": True, "caller": "me", "n": n}))
    table.write(Put(A, {"due": 15}))

    assert [item["due"] for item in table.due(30)] == [15]
    assert [item["due"] for item in table.backlog(30, 100)] == [10, 20, 30]
    assert table.backlog(10, 100) == [{"pk": "op#10", "sk": "control", "due": 10, "caller": "me"}]


def test_of_a_long_backlog_no_more_than_asked_for_is_read(table: Table) -> None:
    for n in range(40):
        table.write(Put(Key(f"op#{n}", "control"), {"due": n, "backlog": True}))

    found = [item["due"] for item in table.backlog(100, 16)]

    assert found == sorted(found)
    assert 2 <= len(found) <= 16


@pytest.mark.parametrize(
    "write", [Update(A, set={"due": 20}), Update(A, add={"due": 10}), Put(A, {"due": 20})], ids=str
)
def test_a_write_of_when_it_is_due_takes_an_item_out_of_the_backlog(table: Table, write: Write) -> None:
    table.write(Put(A, {"due": 10, "backlog": True}))

    table.write(write)

    assert table.backlog(100, 100) == []
    assert [item["due"] for item in table.due(100)] == [20]
    assert table.get(A) == {"pk": A.pk, "sk": A.sk, "due": 20}


def test_a_write_that_says_so_keeps_an_item_in_the_backlog(table: Table) -> None:
    table.write(Put(A, {"due": 10, "backlog": True}))

    table.write(Update(A, set={"due": 20, "backlog": True}), Update(B, set={"x": 1}))
    table.write(Update(A, set={"x": 1}))

    assert table.due(100) == []
    assert [item["due"] for item in table.backlog(100, 100)] == [20]


@pytest.mark.parametrize("write", [Update(A, set={"due": None}), Delete(A)], ids=str)
def test_what_is_not_due_is_in_no_backlog(table: Table, write: Write) -> None:
    table.write(Put(A, {"due": 10, "backlog": True}))

    table.write(write)

    assert table.backlog(100, 100) == []


def test_operations_are_listed_newest_first_page_by_page(table: Table) -> None:
    for n in range(7):
        row = {"application": "shop", "cluster": f"prod/us-east-1/shop-{n % 2}", "accepted": 100.5 + n}
        table.write(Put(Key(f"op#{n}", "control"), row))
    table.write(Put(Key("op#other", "control"), {"application": "mail", "cluster": "c", "accepted": 1}))

    pages, after = [], None
    while True:
        page, after = table.listed("application", "shop", limit=3, after=after)
        pages.append([item["pk"] for item in page])
        if after is None:
            break

    assert pages == [["op#6", "op#5", "op#4"], ["op#3", "op#2", "op#1"], ["op#0"]]
    assert [item["pk"] for item in table.listed("cluster", "prod/us-east-1/shop-1")[0]] == ["op#5", "op#3", "op#1"]


def test_a_last_page_that_is_full_has_no_cursor(table: Table) -> None:
    for n in range(3):
        table.write(Put(Key(f"op#{n}", "control"), {"application": "shop", "accepted": n}))

    assert table.listed("application", "shop", limit=3)[1] is None


def test_a_cursor_stays_valid_while_others_are_accepted(table: Table) -> None:
    for n in range(4):
        table.write(Put(Key(f"op#{n}", "control"), {"application": "shop", "accepted": n}))
    _, after = table.listed("application", "shop", limit=2)

    table.write(Put(Key("op#new", "control"), {"application": "shop", "accepted": 99}))

    assert [item["pk"] for item in table.listed("application", "shop", after=after)[0]] == ["op#1", "op#0"]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, [5, 4, 3, 2, 1]),
        (3, None, [5, 4, 3]),
        (None, 3, [3, 2, 1]),
        (2.5, 4, [4, 3]),
        (3, 3, [3]),
        (4, 2, []),
    ],
)
def test_a_span_of_time_includes_both_its_ends(
    table: Table, since: float | None, until: float | None, found: list[int]
) -> None:
    for n in range(1, 6):
        table.write(Put(Key(f"op#{n}", "control"), {"application": "shop", "accepted": n}))

    def listed(after: str | None) -> tuple[list[Item], str | None]:
        return table.listed("application", "shop", since=since, until=until, limit=2, after=after)

    page, after = listed(None)
    rows = list(page)
    while after is not None:
        page, after = listed(after)
        rows += page
    assert [row["accepted"] for row in rows] == found


def test_a_roll_tells_what_is_enrolled_and_nothing_else(table: Table) -> None:
    known = {name: name for name in ENROLLED}
    table.write(Put(A, {"roll": "operations-3", "accepted": 7, "step": "Plan", "error": "long", **known}))
    table.write(Put(B, {"roll": "guards-3", "accepted": 8}))

    enrolled = {"pk": A.pk, "sk": A.sk, "roll": "operations-3", "accepted": 7, **known}
    assert table.listed("roll", "operations-3") == ([enrolled], None)


@pytest.mark.parametrize(
    "write",
    [Update(A, set={"roll": None}), Update(A, set={"accepted": None}), Put(A, {"x": 1}), Delete(A)],
    ids=str,
)
def test_a_row_that_is_not_enrolled_is_on_no_roll(table: Table, write: Write) -> None:
    table.write(Put(A, {"roll": "guards-3", "accepted": 10}))

    table.write(write)

    assert table.listed("roll", "guards-3") == ([], None)


def test_guards_are_listed_while_somebody_has_them(table: Table) -> None:
    now = count(100, 100)
    hub: Any = SimpleNamespace(table=table, now=lambda: next(now))

    def listed() -> list[tuple[str, float | None]]:
        return [(one.key, one.accepted) for one in lists.held(hub, lambda key: True, limit=9).rows]

    table.write(*guards.places(hub, ["prod/us-east-1/serverGroup/a"], "first"))
    table.write(*guards.places(hub, ["prod/us-east-1/serverGroup/a"], "second"))
    assert listed() == [("prod/us-east-1/serverGroup/a", 100.0)]
    table.write(*guards.places(hub, ["prod/us-east-1/serverGroup/b"], "third"))
    assert [one for one, _ in listed()] == ["prod/us-east-1/serverGroup/b", "prod/us-east-1/serverGroup/a"]
    table.write(*guards.releases(hub, ["prod/us-east-1/serverGroup/a"], "first"))
    assert listed()[0] == ("prod/us-east-1/serverGroup/a", 300.0)
    table.write(*guards.releases(hub, ["prod/us-east-1/serverGroup/a"], "second"))
    assert listed() == [("prod/us-east-1/serverGroup/b", 200.0)]


def test_a_name_stands_on_one_of_the_rolls_and_stays_there() -> None:
    found = {roll_of("operations", str(n)) for n in range(200)}

    assert found == set(rolls("operations"))
    assert (len(found), roll_of("operations", "a")) == (ROLLS, "operations-3")


@pytest.mark.parametrize("cursor", ["", "nonsense", "bm9uc2Vuc2U=", "W10=", "WzEsMiwzXQ=="])
def test_a_strange_cursor_is_rejected(table: Table, cursor: str) -> None:
    table.write(Put(A, {"application": "shop", "accepted": 1}))

    with pytest.raises(Rejected):
        table.listed("application", "shop", after=cursor)


KEYS = st.sampled_from([A, B, C])
NUMBERS = st.one_of(st.integers(-1000, 1000), st.floats(-1e6, 1e6, width=32)).filter(
    lambda number: number not in (0, 1)
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5))
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.dictionaries(st.sampled_from("abc"), st.lists(SCALARS, max_size=2), max_size=3),
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["n", "m", "status"]), VALUES, max_size=3)
SIZE_AND_DUE = st.fixed_dictionaries({}, optional={name: st.one_of(st.none(), NUMBERS) for name in ("size", "due")})
ONE_CONDITION = st.one_of(
    st.sampled_from([Exists(), Absent()]),
    st.builds(Equal, st.sampled_from("nm"), VALUES),
    st.builds(Below, st.just("size"), NUMBERS),
    st.builds(Among, st.sampled_from("nm"), st.lists(VALUES, max_size=2).map(tuple)),
)
WHEN = st.one_of(st.just(()), st.tuples(ONE_CONDITION), st.tuples(ONE_CONDITION, ONE_CONDITION))
WRITES = st.one_of(
    st.builds(lambda key, item, due, when: Put(key, item | due, when), KEYS, ATTRIBUTES, SIZE_AND_DUE, WHEN),
    st.builds(
        lambda key, changes, due, add, when: Update(key, changes | due, add, when),
        *(KEYS, ATTRIBUTES, SIZE_AND_DUE, st.dictionaries(st.sampled_from(["count", "sum"]), st.integers(-9, 9)), WHEN),
    ),
    st.builds(Delete, KEYS, WHEN),
    st.builds(Check, KEYS, st.tuples(ONE_CONDITION)),
)


@settings(max_examples=30, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(st.lists(st.lists(WRITES, min_size=1, max_size=3, unique_by=lambda write: write.key), min_size=1, max_size=6))
def test_any_writes_have_the_same_outcome_in_both(transactions: list[list[Write]]) -> None:
    with mock_aws():
        real, memory = dynamo(), MemoryTable()

        for writes in transactions:
            assert outcome(lambda: real.write(*writes)) == outcome(lambda: memory.write(*writes))  # noqa: B023

        for key in (A, B, C):
            assert _text(real.get(key)) == _text(memory.get(key))
        assert _text(real.due(1e9)) == _text(memory.due(1e9))
        assert _text(real.of("op#a")) == _text(memory.of("op#a"))


def _text(value: Any) -> str:
    """Canonical, with whole floats as DynamoDB keeps them: it has one kind of number."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
