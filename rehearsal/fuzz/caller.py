"""Schemathesis as the caller: each route alone, then requests that follow the document's links."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any
from urllib.parse import unquote

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis import Case, GenerationMode
from schemathesis.core import NOT_SET
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response

from rehearsal.fuzz.asked import NO_BODY, Asked
from rehearsal.fuzz.document import Document
from rehearsal.fuzz.words import Words, poisoned
from rehearsal.gateway import Answered

Send = Callable[[Asked], Answered]
POISONED = 0.12
"""Of the requests: so many carry a hostile word; most of these still fit the document."""
STEPS, CHAPTER = 25, 8
"""Requests of one story, and stories between which the order of what they may begin with changes."""
NOWHERE = requests.Request("GET", "http://windlass/").prepare()
"""What no check of ours reads."""


class Fuzzer:
    def __init__(self, document: Document, send: Send, words: Words, seed: int) -> None:
        self._schema = schemathesis.openapi.from_dict(document.json)
        self._schema.config.generation.update(modes=[GenerationMode.POSITIVE])
        self._send, self._words, self._seed, self._random = send, words, seed, Random(seed)

    def as_known(self) -> None:
        """Each operation once as it is right, whatever becomes of it."""
        for kind, requests_ in self._words.requests.items():
            self._send(Asked("POST", f"/operations/{kind}", body=requests_[0]))

    def each_alone(self, times: int) -> None:
        """So many requests to each route, whatever came before."""
        for found in self._schema.get_all_operations():
            if isinstance(found, Ok):
                self._alone(found.ok(), times)

    def in_stories(self, total: int) -> None:
        """At least so many requests, each story of which begins anew and goes on with what it was answered."""
        asked = 0

        def ask(case: Case[Any], linked: bool) -> Response:
            nonlocal asked
            asked += 1
            return self._ask(case, linked=linked)

        class Story(self._schema.as_state_machine()):  # type: ignore[misc]  # made from the document at run time
            linked = False

            def step(self, input: Any) -> Any:  # noqa: A002 - schemathesis's name
                self.linked = input.transition is not None
                return super().step(input)

            def call(self, case: Case[Any], **kwargs: Any) -> Response:
                return ask(case, self.linked)

            def validate_response(self, response: Response, case: Case[Any], *more: Any, **kwargs: Any) -> None:
                """The tally judges."""

        for chapter in count(self._seed):
            if asked >= total:
                return
            hypothesis.seed(chapter)(Story)
            Story.rule_order_seed = chapter  # else most stories begin with what is first in the alphabet
            stories = max(1, min(CHAPTER, (total - asked) // STEPS))
            with suppress(FlakyStrategyDefinition):  # a hub is not the same twice: the next chapter goes on with it
                Story.run(settings=_settings(max_examples=stories, stateful_step_count=STEPS))

    def _alone(self, operation: Any, times: int) -> None:
        @hypothesis.seed(self._seed)
        @_settings(max_examples=times)
        @given(case=operation.as_strategy())
        def ask(case: Case[Any]) -> None:
            self._ask(case)

        ask()

    def _ask(self, case: Case[Any], *, linked: bool = False) -> Response:
        asked = self._words.familiar(_of(case), self._random, linked=linked)
        # What a later request takes from this one has to be what was sent.
        case.path_parameters, case.query = dict(asked.path), dict(asked.query)
        if self._random.random() < POISONED:
            asked = poisoned(asked, self._random)
        got = self._send(asked)
        if got.status == 202:
            self._words.remember(got.json["id"])
        headers = {name.lower(): [value] for name, value in got.headers.items()}
        return Response(got.status, headers, got.text.encode(errors="replace"), NOWHERE, 0.0, verify=False)


def _of(case: Case[Any]) -> Asked:
    return Asked(
        case.method.upper(),
        case.operation.path,
        path={
            name: unquote(one) if isinstance(one, str) else one for name, one in (case.path_parameters or {}).items()
        },
        query=dict(case.query or {}),
        headers=dict(case.headers or {}),
        body=NO_BODY if case.body is NOT_SET else case.body,
    )


def _settings(**more: Any) -> hypothesis.settings:
    return hypothesis.settings(
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        **more,
    )
