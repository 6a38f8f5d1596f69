"""Names of server groups round-trip, and the next number is never one that is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.naming import SEQUENCES, ServerGroupName, next_sequence, sequence_of

WORDS = st.text("abcXYZ019._", min_size=1, max_size=12)
DETAILS = st.text("abcXYZ019._~^-", max_size=12)
SEQUENCE = st.integers(0, SEQUENCES - 1)


@st.composite
def names(draw: st.DrawFn) -> ServerGroupName:
    return ServerGroupName(
        draw(WORDS), draw(st.one_of(st.just(""), WORDS)), draw(DETAILS), draw(st.one_of(st.none(), SEQUENCE))
    )


@given(names())
def test_a_name_parses_to_itself(name: ServerGroupName) -> None:
    assert str(ServerGroupName.parse(str(name))) == str(name)


@given(names(), SEQUENCE)
def test_numbering_keeps_the_cluster(name: ServerGroupName, sequence: int) -> None:
    numbered = name.numbered(sequence)

    assert numbered.cluster == name.cluster
    assert sequence_of(str(numbered), name.cluster) == sequence


def test_an_empty_stack_with_a_detail_leaves_its_place() -> None:
    assert str(ServerGroupName("shop", "", "blue", 7)) == "shop--blue-v007"


@pytest.mark.parametrize("name", ["", "shop-", "shop prod", "shop-prod-v001-v002", "shop/prod"])
def test_what_is_no_name_is_an_error(name: str) -> None:
    with pytest.raises(ValueError):
        ServerGroupName.parse(name)


def test_a_group_of_another_cluster_has_no_sequence_here() -> None:
    assert sequence_of("shop-prod-blue-v003", "shop-prod") is None


@given(st.sets(SEQUENCE, max_size=40), st.one_of(st.none(), SEQUENCE))
def test_the_next_sequence_is_free(taken: set[int], reserved: int | None) -> None:
    sequence = next_sequence(taken, reserved)

    assert sequence not in taken
    assert sequence != reserved
    assert 0 <= sequence < SEQUENCES


@pytest.mark.parametrize(
    ("taken", "reserved", "expected"),
    [
        (set(), None, 0),
        ({0, 1}, None, 2),
        ({3}, 7, 8),  # reserved by an operation that has not created it yet
        ({9}, 7, 10),  # made by somebody else
        ({999}, None, 0),
        ({999, 0, 1}, 2, 3),
    ],
)
def test_the_next_sequence_is_one_more_than_the_highest(taken: set[int], reserved: int | None, expected: int) -> None:
    assert next_sequence(taken, reserved) == expected


def test_a_full_cluster_has_no_next_sequence() -> None:
    with pytest.raises(ValueError, match="all 1000 sequence numbers are taken"):
        next_sequence(set(range(SEQUENCES)), None)
