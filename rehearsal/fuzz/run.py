"""The whole of it in process: the real handler, every operation, a fake cloud, table and Step Functions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.api.app import api
from lambdas.api.doors import Doors
from rehearsal.fuzz.asked import Asked
from rehearsal.fuzz.caller import Fuzzer
from rehearsal.fuzz.document import Document
from rehearsal.fuzz.rows import orphans
from rehearsal.fuzz.tally import Tally
from rehearsal.fuzz.words import Words
from rehearsal.gateway import IAM, Answered, answered
from rehearsal.heralds import TellingWorld
from rehearsal.scenarios import ACCOUNT, ALL, REGION

ALONE = 0.4
"""Of the requests: those to each route whatever came before; the others follow links."""
TIDIED = 15
"""Requests after which freezes and locks are taken away: those that cover everything would keep all from beginning."""
DAYS = 86_400.0
EUREKA = "rehearsed:Eureka@https://eureka.example.com"


@dataclass
class Fuzzed:
    tally: Tally
    types: set[str]
    orphans: list[str]
    rows: int
    ends: dict[str, int]

    @property
    def wrong(self) -> list[str]:
        lost = [f"{len(self.orphans)} orphaned rows, the first: {self.orphans[0]}"] if self.orphans else []
        return [*self.tally.wrong(self.types), *lost]


class Hub:
    """A world behind the API's own handler, in which time goes on from request to request."""

    def __init__(self, seed: int) -> None:
        self.world = TellingWorld(seed=seed, recorded=False)
        self._random = Random(seed)
        for one in ALL:
            if one.sagas is None:
                one.prepare(self.world)
        known = accounts.find(self.world.table, ACCOUNT) or Account(ACCOUNT, "", (REGION,))
        self._plain = replace(known, id="123456789012", environment="test", plays=(("discovery", EUREKA),))
        accounts.put(self.world.table, self._plain)
        self.app: APIGatewayRestResolver = api(
            lambda: self.world.hub, self.world.sagas, doors=Doors(IAM, delegates=("*",))
        )
        self.document = Document(answered(self.app, Asked("GET", "/openapi.json").event()).json)
        self.tally = Tally(self.document)

    def send(self, asked: Asked) -> Answered:
        got = answered(self.app, asked.event())
        self.tally.note(asked, got)
        self.world.clock.drain(self._random.choice((0.0, 0.5, 2.0, 20.0)))
        if self.tally.requests % TIDIED == 0:
            self.tidy()
        return got

    def tidy(self) -> None:
        """Take away what keeps all others from beginning."""
        accounts.put(self.world.table, self._plain)
        for asked in self._barriers():
            answered(self.app, asked.event())

    def _barriers(self) -> Iterator[Asked]:
        for freeze in answered(self.app, Asked("GET", "/freezes").event()).json["freezes"]:
            yield Asked("DELETE", "/freezes/{name}", path={"name": freeze["name"]})
        for row in self.world.table.rows():
            if row["sk"] == "guard" and row.get("locked_by"):
                parts = dict(zip(("account", "region", "kind", "name"), row["key"].split("/", 3), strict=True))
                yield Asked("DELETE", "/guards/{account}/{region}/{kind}/{name}/lock", path=parts)

    def end(self) -> None:
        """Let everything come to its end: who asks a person is told to give up."""
        self.tidy()
        for _ in range(30):
            for row in self.world.table.rows():
                if row["sk"] == "control" and not self.world.over(row["id"]):
                    self._given_up(row["id"])
            self.world.clock.drain(DAYS)

    def _given_up(self, operation: str) -> None:
        if self.world.held(operation):
            self.world.signal(operation, "decide", "abandon")
        else:
            self.world.signal(operation, "cancel")


def fuzz(requests: int, seed: int) -> Fuzzed:
    hub = Hub(seed)
    fuzzer = Fuzzer(hub.document, hub.send, Words(), seed)
    fuzzer.as_known()
    fuzzer.each_alone(max(1, int(requests * ALONE) // len(hub.document.routes)))
    fuzzer.in_stories(requests - hub.tally.requests)
    hub.end()
    rows = hub.world.table.rows()
    statuses = [row["status"] for row in rows if row["sk"] == "control"]
    return Fuzzed(
        hub.tally,
        {saga.operation for saga in hub.world.sagas.values()},
        orphans(rows, hub.tally, hub.world.clock.now),
        len(rows),
        {one: statuses.count(one) for one in sorted(set(statuses))},
    )
