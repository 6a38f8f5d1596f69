import random
from collections.abc import Mapping
from typing import Any

import pytest

from rehearsal.expressions import expression, template
from rehearsal.failures import Failure, Unreadable
from rehearsal.paths import PathSyntaxError, reader, writer

Json = Any

STORE: Json = {
    "name": "shop",
    "books": [
        {"title": "A", "price": 8, "tags": ["x"], "isbn": None},
        {"title": "B", "price": 12.5},
        {"title": "C", "price": 22, "tags": []},
    ],
    "odd key": {"it's": 1, "a.b": 2, "x[0]": 3},
    "nested": {"price": 1, "deep": [{"price": 2}]},
    "delivery-partner": "UQS",
    "flags": [{"id": 1, "on": True}, {"id": 2, "on": False}, {"id": 3, "on": 1}],
}


class Around:
    """A scope with a context object and variables."""

    variables: Mapping[str, Json] = {"limit": {"high": [1, 2, 3]}, "name": "from a variable"}
    rng = random.Random(1)

    lasting: dict[str, Json] = {"Execution": {"Name": "op-1"}}

    def context(self) -> dict[str, Json]:
        return {**self.lasting, "State": {"Name": "Here"}}


def read(path: str, data: Json = STORE) -> Json:
    return reader(path, "Field")(data, Around())


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", STORE),
        ("$.name", "shop"),
        ("$.delivery-partner", "UQS"),
        ("$['name']", "shop"),
        ('$["name"]', "shop"),
        ("$['odd key']['it\\'s']", 1),
        ("$['odd key']['a.b']", 2),
        ("$['odd key']['x[0]']", 3),
        ("$.books[1].title", "B"),
        ("$.books[-1].title", "C"),
        ("$.books[0].isbn", None),
        ("$$.Execution.Name", "op-1"),
        ("$$", {"Execution": {"Name": "op-1"}, "State": {"Name": "Here"}}),
        ("$limit.high[2]", 3),
        ("$name", "from a variable"),
        ("$.books[*].title", ["A", "B", "C"]),
        ("$.books.*.title", ["A", "B", "C"]),
        ("$.books[0,2].title", ["A", "C"]),
        ("$.books[1:].title", ["B", "C"]),
        ("$.books[:-1].title", ["A", "B"]),
        ("$.books[0:3:2].title", ["A", "C"]),
        ("$.nested['price','gone']", [1]),
        ("$.nested..price", [1, 2]),
        ("$..deep[0].price", [2]),
        ("$.books[*].tags[0]", ["x"]),
        ("$.gone[*]", []),
        ("$.gone[1:2].x", []),
        ("$.books[?(@.price < 20)].title", ["A", "B"]),
        ("$.books[?(@.price >= 12.5 && @.title != 'C')].title", ["B"]),
        ("$.books[?(@.price == 8 || @.title == 'C')].title", ["A", "C"]),
        ("$.books[?(@.tags)].title", ["A", "C"]),
        ("$.books[?(!@.tags)].title", ["B"]),
        ("$.books[?(!(@.price > 10))].title", ["A"]),
        ("$.books[?(@.tags[0] == 'x')].title", ["A"]),
        ("$.books[?(@.title < 5)].title", []),
        ("$.books[?(@.isbn == null)].title", ["A"]),
        ("$.flags[?(@.on == true)].id", [1]),
        ("$.flags[?(@.on == false)].id", [2]),
        ("$.flags[?(@.on != true)].id", [2, 3]),
    ],
)
def test_a_path_finds(path: str, found: Json) -> None:
    assert read(path) == found


@pytest.mark.parametrize(
    "path",
    [
        "$.gone",
        "$.name.first",
        "$.name[0]",
        "$.books.title",
        "$.books[3]",
        "$.books[-4]",
        "$$.Map",
        "$unset",
        "$.nested[0]",
    ],
)
def test_a_definite_path_that_leads_nowhere_is_an_error(path: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read(path)

    assert raised.value.error == "States.Runtime"
    assert raised.value.cause is not None
    assert raised.value.cause.startswith(f"The JSONPath '{path}' specified for the field 'Field' could not be found in")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "name",
        "$.",
        "$.a b",
        "$[",
        "$['a",
        "$[a]",
        "$.a]",
        "$.x[?(@.a ==)]",
        "$.x[?(@.a = 1)]",
        "$.x[?((@.a)]",
        "$.a..",
        "$[]",
    ],
)
def test_what_is_not_a_path_is_refused_when_compiled(path: str) -> None:
    with pytest.raises(PathSyntaxError):
        reader(path, "Field")


@pytest.mark.parametrize(
    ("path", "data", "written"),
    [
        (None, {"a": 1}, {"a": 1}),
        ("$", {"a": 1}, "new"),
        ("$.b", {"a": 1}, {"a": 1, "b": "new"}),
        ("$.a", {"a": 1}, {"a": "new"}),
        ("$['odd key']", {}, {"odd key": "new"}),
        ("$.a.b.c", {"a": {"x": 1}}, {"a": {"x": 1, "b": {"c": "new"}}}),
        ("$.a[1].b", {"a": [0, {"c": 1}]}, {"a": [0, {"c": 1, "b": "new"}]}),
        ("$.a[-1]", {"a": [0, 1]}, {"a": [0, "new"]}),
    ],
)
def test_a_result_is_written_into_new_data(path: str | None, data: Json, written: Json) -> None:
    before = repr(data)

    assert writer(path)(data, "new") == written
    assert repr(data) == before


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("$.b", "text"),
        ("$.b", None),
        ("$.a.b", {"a": 1}),
        ("$.a[2]", {"a": [0, 1]}),
        ("$.a[0]", {"a": {}}),
        ("$.b", [1]),
    ],
)
def test_a_result_that_has_no_place_is_a_failure_that_can_be_caught(path: str, data: Json) -> None:
    with pytest.raises(Failure) as raised:
        writer(path)(data, "new")

    assert raised.value.error == "States.ResultPathMatchFailure"
    assert raised.value.matches(frozenset({"States.ALL"}))


@pytest.mark.parametrize("path", ["$$.x", "$name", "$.a[*]", "$..a", "$.a b"])
def test_results_go_to_reference_paths_only(path: str) -> None:
    with pytest.raises(PathSyntaxError):
        writer(path)


def test_a_template_fills_what_ends_in_dollar_at_any_depth() -> None:
    compiled = template(
        {
            "a.$": "$.name",
            "b": {"c.$": "$$.State.Name", "d": "$.name"},
            "e": [{"f.$": "States.Format('{}!', $.name)"}, 1],
            "g": None,
            "h": [{"i.$": "$.name"}],
            "j": ["$.name"],
        }
    )

    assert compiled(STORE, Around()) == {
        "a": "shop",
        "b": {"c": "Here", "d": "$.name"},
        "e": [{"f": "shop!"}, 1],
        "g": None,
        "h": [{"i": "shop"}],
        "j": ["$.name"],
    }


def test_an_error_in_a_template_names_the_field() -> None:
    compiled = template({"a": {"b.$": "$.gone"}})

    with pytest.raises(Unreadable, match=r"specified for the field 'b\.\$' could not be found"):
        compiled({}, Around())


def test_a_template_field_that_is_no_expression_is_refused() -> None:
    with pytest.raises(PathSyntaxError, match=r"a\.\$"):
        template({"a.$": 1})


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("States.Format('{} of {}', 1, 'x')", "1 of x"),
        ("States.Format('{}', $.nested)", "{price=1, deep=[{price=2}]}"),
        (r"States.Format('\{\} it\'s {}', true)", "{} it's true"),
        ("States.StringToJson('{\"a\": [1]}')", {"a": [1]}),
        ("States.JsonToString($.nested)", '{"price":1,"deep":[{"price":2}]}'),
        ("States.Array()", []),
        ("States.Array(1, null, -2.5e1, $.name)", [1, None, -25.0, "shop"]),
        ("States.ArrayPartition(States.Array(1,2,3), 2)", [[1, 2], [3]]),
        ("States.ArrayContains(States.Array(1,2), 2)", True),
        ("States.ArrayContains(States.Array(1,2), true)", False),
        ("States.ArrayRange(1, 9, 4)", [1, 5, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem(States.Array('a','b'), 1)", "b"),
        ("States.ArrayLength($.books)", 3),
        ("States.ArrayUnique(States.Array(3,1,3,true,1))", [3, 1, True]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGVjb2RlZCBkYXRh')", "Decoded data"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        (
            "States.JsonMerge($.nested, States.StringToJson('{\"price\":3}'), false)",
            {"price": 3, "deep": [{"price": 2}]},
        ),
        ("States.MathAdd(111, -1)", 110),
        ("States.StringSplit('This.is+a,test=string', '.+,=')", ["This", "is", "a", "test", "string"]),
        ("States.ArrayGetItem($limit.high, States.MathAdd(0, 2))", 3),
    ],
)
def test_an_intrinsic_function_gives(call: str, value: Json) -> None:
    assert expression(call, "Field")(STORE, Around()) == value


@pytest.mark.parametrize(
    "call",
    [
        "States.StringToJson('{')",
        "States.Format('{} {}', 1)",
        "States.Format('{}', 1, 2)",
        "States.ArrayRange(1, 2000, 1)",
        "States.ArrayRange(1, 2, 0)",
        "States.ArrayGetItem(States.Array(1), 1)",
        "States.ArrayGetItem(States.Array(1), -1)",
        "States.ArrayPartition(States.Array(1), 0)",
        "States.ArrayLength('text')",
        "States.Hash('x', 'CRC32')",
        "States.JsonMerge($.nested, $.nested, true)",
        "States.MathAdd('1', 2)",
        "States.MathAdd(true, 2)",
        "States.Base64Decode('?')",
        "States.StringSplit(1, 2)",
        "States.MathRandom(2, 2)",
    ],
)
def test_a_call_on_what_it_does_not_take_is_an_intrinsic_failure(call: str) -> None:
    with pytest.raises(Unreadable) as raised:
        expression(call, "Field")(STORE, Around())

    assert raised.value.error == "States.IntrinsicFailure"
    assert f"The function '{call}' had the following error" in str(raised.value.cause)


@pytest.mark.parametrize(
    "call",
    [
        "States.Nothing(1)",
        "States.MathAdd(1)",
        "States.UUID(1)",
        "States.MathAdd(1, 2",
        "States.MathAdd(1 2)",
        "States.MathAdd(1, 2) + 1",
        "States.MathAdd(1, x)",
        "States.Format('a)",
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_when_compiled(call: str) -> None:
    with pytest.raises(PathSyntaxError):
        expression(call, "Field")


def test_random_values_come_from_the_scope() -> None:
    def drawn(seed: int) -> Json:
        around = Around()
        around.rng = random.Random(seed)
        calls = ("States.UUID()", "States.MathRandom(0, 1000000)", "States.MathRandom(0, 1000000, 7)")
        return [expression(call, "Field")({}, around) for call in calls]

    assert drawn(1) == drawn(1)
    assert drawn(1)[:2] != drawn(2)[:2]
    assert drawn(1)[2] == drawn(2)[2]
    assert drawn(1)[0][14] == "4"
