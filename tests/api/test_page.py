import re

from lambdas.api.page import PAGE
from lambdas.api.views import SIGNALS, Phase
from lambdas.engine import signals
from lambdas.rows import Status
from tests.api.http_door import Door


def test_the_page_is_html_that_may_load_nothing_from_elsewhere(door: Door) -> None:
    got = door.get("/")

    assert (got.status, got.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]", got.text)


def test_the_page_never_reads_text_as_html() -> None:
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", PAGE.read_text())


def test_the_page_has_a_colour_for_every_phase_and_status() -> None:
    text = PAGE.read_text()

    assert [one for one in (*Phase, *Status) if not re.search(rf"\b{one.value}: \"", text)] == []


def test_every_signal_there_is_has_its_words() -> None:
    assert SIGNALS.keys() == {"cancel", "pause", "resume", *(f"decide:{one}" for one in signals.DECISIONS)}
