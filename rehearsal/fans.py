"""Parallel and Map states: several branches of control at once, whose outputs are gathered in order."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from .execution import Branch, Graph
from .expressions import expression, template
from .failures import Failure, Unreadable
from .jsontext import Json, encode
from .recovery import Recovering
from .states import Definition

Compile = Callable[[Definition], Graph]


@dataclass(frozen=True)
class Part:
    """What one branch runs, on which data; `item` is what the context object says of a Map's item."""

    graph: Graph
    data: Json
    item: dict[str, Json] | None = None


class Fan(Recovering):
    def attempt(self, branch: Branch) -> str | None:
        parts = self.parts(branch)
        together = self.concurrency(branch) or len(parts)
        self.note_started(branch, len(parts))
        if not parts:
            return self.gathered(branch, [])
        gathering = Gathering(self, branch, parts)
        for _ in range(together):
            gathering.begin_next(branch.last)
        return None

    @abstractmethod
    def parts(self, branch: Branch) -> list[Part]:
        """What is to run."""

    @abstractmethod
    def note_started(self, branch: Branch, parts: int) -> None: ...

    def concurrency(self, branch: Branch) -> int:
        """How many may run at once; 0 is no limit."""
        return 0

    def note_begun(self, child: Branch, index: int) -> None:
        """One part begins, where the history has an event for that."""

    def note_ended(self, child: Branch, index: int, how: str) -> int:
        """One part has ended; gives the event that the state's own next one follows."""
        return child.last

    def gathered(self, branch: Branch, results: list[Json]) -> str | None:
        branch.aside(self.exited.replace("Exited", "Succeeded"))
        return self.leave(branch, self.output(branch, results), self.next)

    def given_up(self, branch: Branch) -> None:
        """A failure that is retried leaves no event of its own, nor does one before anything ran."""
        if branch.children:
            branch.children = []
            branch.note(self.exited.replace("Exited", "Failed"))


class Gathering:
    """One attempt of a fan: which parts have ended, and how."""

    def __init__(self, fan: Fan, parent: Branch, parts: list[Part]) -> None:
        self.fan, self.parent = fan, parent
        self.waiting = list(enumerate(parts))[::-1]
        self.running: dict[int, Branch] = {}
        self.results: list[Json] = [None] * len(parts)
        parent.children = []

    def begin_next(self, after: int) -> None:
        """Begin one more part, if there is one; `after` is the event it follows."""
        if not self.waiting:
            return
        index, part = self.waiting.pop()
        child = Branch(
            self.parent.execution,
            part.graph,
            part.data,
            finish=lambda output: self.ended(index, output),
            fail=lambda failure: self.failed(index, failure),
        )
        child.variables, child.item, child.last = self.parent.variables, part.item or self.parent.item, after
        self.running[index] = child
        self.parent.children.append(child)
        self.fan.note_begun(child, index)
        child.after(0, child.state.enter)

    def ended(self, index: int, output: Json) -> None:
        child = self.running.pop(index)
        self.parent.last = self.fan.note_ended(child, index, "Succeeded")
        self.results[index] = output
        self.begin_next(child.last)
        if not self.running:
            self.parent.resume(lambda branch: self.fan.gathered(branch, self.results))

    def failed(self, index: int, failure: Failure) -> None:
        """The first failure ends them all."""
        child = self.running.pop(index)
        self.fan.note_ended(child, index, "Failed")
        self.parent.last = child.last
        for other, sibling in self.running.items():
            sibling.halt()
            self.fan.note_ended(sibling, other, "Aborted")

        def fail(branch: Branch) -> str | None:
            raise failure

        self.parent.resume(fail)


class Parallel(Fan):
    def __init__(self, name: str, definition: Definition, compile_graph: Compile) -> None:
        super().__init__(name, definition)
        self.branches = [compile_graph(branch) for branch in definition["Branches"]]

    def parts(self, branch: Branch) -> list[Part]:
        request = self.request(branch)
        return [Part(graph, request) for graph in self.branches]

    def note_started(self, branch: Branch, parts: int) -> None:
        branch.note("ParallelStateStarted")


class Map(Fan):
    """Inline only. Older definitions say Iterator for ItemProcessor and Parameters for ItemSelector."""

    def __init__(self, name: str, definition: Definition, compile_graph: Compile) -> None:
        super().__init__(name, {key: value for key, value in definition.items() if key != "Parameters"})
        processor = definition.get("ItemProcessor") or definition["Iterator"]
        if processor.get("ProcessorConfig", {}).get("Mode", "INLINE") != "INLINE":
            raise ValueError(f"{name}: distributed Map is not supported")
        selector = definition.get("ItemSelector", definition.get("Parameters"))
        self.graph = compile_graph(processor)
        self.items = expression(definition.get("ItemsPath", "$"), "ItemsPath")
        self.selector = None if selector is None else template(selector)
        self.limit = int(definition.get("MaxConcurrency", 0))
        self.limit_path: str | None = definition.get("MaxConcurrencyPath")
        self.read_limit = expression(self.limit_path, "MaxConcurrencyPath") if self.limit_path else None

    def parts(self, branch: Branch) -> list[Part]:
        data = self.input(branch)
        items = self.items(data, branch)
        if not isinstance(items, list):
            raise Unreadable(f'Reference path "{self.name}" must point to array, not {encode(items)}')
        return [self.part(branch, data, index, value) for index, value in enumerate(items)]

    def part(self, branch: Branch, data: Json, index: int, value: Json) -> Part:
        item = {"Index": index, "Value": value}
        if self.selector is None:
            return Part(self.graph, value, item)
        outer, branch.item = branch.item, item
        try:
            return Part(self.graph, self.selector(data, branch), item)
        finally:
            branch.item = outer

    def concurrency(self, branch: Branch) -> int:
        if self.read_limit is None:
            return self.limit
        limit = self.read_limit(self.input(branch), branch)
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            shown = limit if isinstance(limit, str) else encode(limit)
            wrong = f'refers to value "{shown}" which is not a valid integer: {self.limit_path}'
            raise Unreadable(f"The MaxConcurrencyPath field {wrong}")
        return limit

    def note_started(self, branch: Branch, parts: int) -> None:
        branch.note("MapStateStarted", length=parts)

    def note_begun(self, child: Branch, index: int) -> None:
        child.note("MapIterationStarted", name=self.name, index=index)

    def note_ended(self, child: Branch, index: int, how: str) -> int:
        return child.aside(f"MapIteration{how}", name=self.name, index=index)
