"""What `--faults` understands: names with numbers, `bursts:0.05+outage:autoscaling:3600`."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from rehearsal.models import actors, calls, functions, people, weather
from rehearsal.models.model import EVENTS, KNOWN, FaultModel, Part, Strikes


class NotAModel(ValueError):
    """What was asked for is no fault model; the message is one sentence that says what is."""


@dataclass(frozen=True)
class Entry:
    """A model that can be named: its rule, and what its numbers mean."""

    strikes: Callable[..., Strikes]
    what: str
    more: Callable[..., dict[str, Any]] = lambda *numbers: {}
    """Further fields of its `Part`."""

    @property
    def usage(self) -> str:
        """`:PROBABILITY[:LONGEST]`."""
        signature = inspect.signature(self.strikes).parameters.values()
        return "".join(
            f":{one.name.upper()}" if one.default is one.empty else f"[:{one.name.upper()}]" for one in signature
        )


def _lag(seconds: float = 60.0) -> Strikes:
    return lambda stage: None


MODELS: dict[str, Entry] = {
    "independent": Entry(calls.independent, "any call fails, before or after its effect"),
    "lost-answers": Entry(calls.lost_answers, "a call takes effect and its answer is lost"),
    "kills": Entry(calls.kills, "the process dies at a call"),
    "late": Entry(calls.late, "a call fails and takes effect up to LONGEST seconds later"),
    "hangs": Entry(calls.hangs, "the function times out while its call goes on, up to LONGEST seconds"),
    "bursts": Entry(weather.bursts, "Gilbert-Elliott: a service is bad for SHARE of the time, SPELL seconds long"),
    "outage": Entry(weather.outage, "a service (or all) answers only errors for SECONDS"),
    "throttling": Entry(weather.throttling, "published token buckets, drained for SHARE of the time"),
    "no-capacity": Entry(weather.no_capacity, "no instances can be had for up to SECONDS"),
    "lag": Entry(
        _lag,
        "reads are up to SECONDS old",
        lambda seconds=60.0: {"manners": lambda manners, severity: weather.lag(manners, seconds * severity)},
    ),
    "doubles": Entry(functions.doubles, "a function is invoked twice with one event"),
    "messages": Entry(functions.messages, "token answers and events are lost, late, doubled, reordered"),
    "nudges": Entry(
        functions.nudges, "Auto Scaling's events bring looks forward, or are lost, late, doubled, reordered"
    ),
    "bad-release": Entry(functions.bad_release, "our own code is broken for SECONDS"),
    "refusal": Entry(calls.refusal, "AWS refuses one thing for good", lambda *latest: {"ends": calls.REFUSED}),
    "signals": Entry(people.signals, "a cancel or a pause at a random moment", lambda *latest: {"ends": people.ENDS}),
    "autoscaler": Entry(actors.autoscaler, "groups scale within their bounds meanwhile", lambda *given: actors.SCALES),
    "person": Entry(actors.person, "a stranger makes and changes groups of the cluster", lambda *given: actors.TAKES),
    "others": Entry(actors.others, "other operations want the same groups and names", lambda *given: actors.TAKES),
}

PROBABILITIES = ("probability", "share")
LEAST = {"spell": 1.0, "latest": 6.0}
"""Of numbers that mean nothing at zero: a spell's seconds, and a call that comes after those of the intake."""


def parse(text: str) -> FaultModel:
    """The model of that name, or several joined by `+`. Raises NotAModel."""
    return FaultModel(text, tuple(part for one in text.split("+") for part in _parts(one.strip())))


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[Part, ...]:
    from rehearsal.models.calibrated import MIX  # noqa: PLC0415 - a mix is written in this grammar

    if text == "none":
        return ()
    if text == "calibrated":
        return tuple(part for one in MIX for part in _parts(one.text))
    name, *numbers = text.split(":")
    if name not in MODELS:
        known = ", ".join(("none", "calibrated", *MODELS))
        raise NotAModel(f"there is no fault model {name!r}; the models are {known}, joined by +")
    entry = MODELS[name]
    given = _given(name, entry, numbers)
    return (Part(text, entry.strikes(*given), **entry.more(*given)),)


def _given(name: str, entry: Entry, numbers: list[str]) -> list[Any]:
    parameters = list(inspect.signature(entry.strikes).parameters.values())
    least = sum(one.default is one.empty for one in parameters)
    if not least <= len(numbers) <= len(parameters):
        raise NotAModel(f"{name} is written {name}{entry.usage}, not {':'.join((name, *numbers))}")
    read = partial(_read, name)
    return [
        read(parameter.name, parameter.annotation, number)
        for parameter, number in zip(parameters, numbers, strict=False)
    ]


def _read(name: str, what: str, of: Any, text: str) -> Any:
    if of is str:
        if text not in (known := ("all", *sorted((EVENTS, *KNOWN)))):
            raise NotAModel(f"{name}: there is no service {text!r}; the services are {', '.join(known)}")
        return text
    try:
        number = float(text)
    except ValueError:
        raise NotAModel(f"{name}: {what} is a number, not {text!r}") from None
    if what in PROBABILITIES and not 0 <= number < 1:
        raise NotAModel(f"{name}: {what} is a probability from 0 to below 1, not {text}")
    least = LEAST.get(what, 0.0)
    if not least <= number < 1e9:
        raise NotAModel(f"{name}: {what} is a number from {least:g} to 1,000,000,000, not {text}")
    return int(number) if of is int else number
