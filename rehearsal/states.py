"""The states that do their work at once or just wait: Pass, Choice, Wait, Succeed, Fail; and what every state has."""

from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime

from .boundary import oversized
from .choices import compile_rule, instant
from .execution import Branch
from .expressions import expression, template
from .failures import Failure, Unreadable
from .jsontext import LIMIT, Json, encode, measured
from .paths import Read, Scope, writer

Definition = dict[str, Json]

ENVELOPE = 1000
"""Bytes that a service may put around a result, and the name under which it is kept."""


class BaseState:
    """Entering, reading the input, leaving. `next` is None where a branch ends."""

    def __init__(self, name: str, definition: Definition) -> None:
        kind = definition["Type"]
        self.name = name
        self.next: str | None = None if definition.get("End") else definition.get("Next")
        self.entered, self.exited = f"{kind}StateEntered", f"{kind}StateExited"
        self.read_input = path_field(definition, "InputPath")
        self.read_output = path_field(definition, "OutputPath")
        self.assigned = template(definition["Assign"]) if "Assign" in definition else None

    def enter(self, branch: Branch) -> str | None:
        execution = branch.execution
        execution.path.append(self.name)
        execution.transitions += 1
        branch.state = self
        branch.entered = execution.world.clock.now
        branch.counts = None
        branch.note(self.entered, name=self.name, input=branch.data)
        branch.entered_event = execution.events
        return self.run(branch)

    @abstractmethod
    def run(self, branch: Branch) -> str | None:
        """Do the state's work, once entered."""

    def failed(self, branch: Branch, failure: Failure) -> str | None:
        branch.fail(failure)
        return None

    def answered(self, branch: Branch, result: Json) -> str | None:
        raise NotImplementedError(f"{self.name} waits for nobody's answer")

    def refused(self, branch: Branch, failure: Failure) -> str | None:
        raise NotImplementedError(f"{self.name} waits for nobody's answer")

    def beat(self, branch: Branch) -> None:
        raise NotImplementedError(f"{self.name} waits for nobody's answer")

    def input(self, branch: Branch) -> Json:
        return branch.data if self.read_input is None else self.read_input(branch.data, branch)

    def assign(self, branch: Branch, values: Read | None, data: Json) -> None:
        """Variables are set together, from what they were before."""
        if values is not None:
            branch.variables = {**branch.variables, **values(data, branch)}

    def leave(self, branch: Branch, output: Json, following: str | None) -> str | None:
        if self.read_output is not None:
            output, branch.most = self.read_output(output, branch), None
        return self.go_on(branch, output, following)

    def go_on(self, branch: Branch, output: Json, following: str | None) -> str | None:
        branch.note(self.exited, name=self.name, output=output)
        branch.data = output
        if following is None:
            branch.finish(output)
        return following


class Working(BaseState):
    """A state with parameters and a result of its own."""

    def __init__(self, name: str, definition: Definition) -> None:
        super().__init__(name, definition)
        self.parameters = template(definition["Parameters"]) if "Parameters" in definition else None
        self.selected = template(definition["ResultSelector"]) if "ResultSelector" in definition else None
        self.put = writer(definition.get("ResultPath", "$"))

    def request(self, branch: Branch) -> Json:
        """The effective input: InputPath, then Parameters."""
        data = branch.data if self.read_input is None else self.read_input(branch.data, branch)
        return data if self.parameters is None else self.parameters(data, branch)

    def output(self, branch: Branch, result: Json) -> Json:
        if self.assigned is not None:
            self.assign(branch, self.assigned, result)
        if self.selected is not None:
            result = self.selected(result, branch)
        output = self.put(branch.data, result)
        if output is not branch.data and branch.execution.world.isolated:
            self.fits(branch, output)
        return output

    def fits(self, branch: Branch, output: Json) -> None:
        """Refuse an output that is too large; where data and result are small, their sum says that it is not."""
        came, branch.came = branch.came, None
        if came is not None and branch.most is not None and self.selected is None:
            branch.most += came + ENVELOPE
            if branch.most <= LIMIT:
                return
        branch.most = measured(output)
        if branch.most > LIMIT:
            raise oversized(self.name, final=True)


class Pass(Working):
    def __init__(self, name: str, definition: Definition) -> None:
        super().__init__(name, definition)
        self.has_result, self.result = "Result" in definition, definition.get("Result")

    def run(self, branch: Branch) -> str | None:
        request = self.request(branch)
        result = self.result if self.has_result else request
        return self.leave(branch, self.output(branch, result), self.next)


class Choice(BaseState):
    """The first rule that holds leads on. Its own Assign counts then, the state's only with Default."""

    def __init__(self, name: str, definition: Definition) -> None:
        super().__init__(name, definition)
        self.rules = [
            (compile_rule(rule), rule["Next"], template(rule["Assign"]) if "Assign" in rule else None)
            for rule in definition["Choices"]
        ]
        self.default: str | None = definition.get("Default")

    def run(self, branch: Branch) -> str | None:
        data = self.input(branch)
        for holds, following, values in self.rules:
            if holds(data, branch):
                self.assign(branch, values, data)
                return self.leave(branch, data, following)
        if self.default is None:
            raise Unreadable("No choice rule matched and there is no Default.", "States.NoChoiceMatched")
        self.assign(branch, self.assigned, data)
        return self.leave(branch, data, self.default)


class Wait(BaseState):
    def __init__(self, name: str, definition: Definition) -> None:
        super().__init__(name, definition)
        self.delay = _delay(definition)

    def run(self, branch: Branch) -> str | None:
        data = self.input(branch)
        delay = self.delay(data, branch, branch.execution.world.clock.now)
        if delay <= 0:
            return self.done(branch)
        branch.after(delay, self.done)
        return None

    def done(self, branch: Branch) -> str | None:
        data = self.input(branch)
        self.assign(branch, self.assigned, data)
        return self.leave(branch, data, self.next)


class Succeed(BaseState):
    def run(self, branch: Branch) -> str | None:
        return self.leave(branch, self.input(branch), None)


class Fail(BaseState):
    def __init__(self, name: str, definition: Definition) -> None:
        super().__init__(name, definition)
        self.error = _constant_or_path(definition, "Error")
        self.cause = _constant_or_path(definition, "Cause")

    def run(self, branch: Branch) -> str | None:
        data = self.input(branch)
        raise Failure(self.error(data, branch), self.cause(data, branch))


def path_field(definition: Definition, field: str) -> Read | None:
    """InputPath or OutputPath: null gives the empty object. None when it would change nothing."""
    path = definition.get(field, "$")
    if path is None:
        return lambda data, scope: {}
    return None if path == "$" else expression(path, field)


def _constant_or_path(definition: Definition, field: str) -> Read:
    if f"{field}Path" in definition:
        return expression(definition[f"{field}Path"], f"{field}Path")
    constant = definition.get(field)
    return lambda data, scope: constant


def _delay(definition: Definition) -> Callable[[Json, Scope, float], float]:
    if "SecondsPath" in definition:
        return _seconds_at(definition["SecondsPath"])
    if "TimestampPath" in definition:
        return _until_path(definition["TimestampPath"])
    if "Timestamp" in definition:
        moment = instant(definition["Timestamp"])
        if moment is None:
            raise ValueError(f"{definition['Timestamp']!r} is not an ISO-8601 time with offset")
        return _until(moment)
    seconds = float(definition["Seconds"])
    return lambda data, scope, now: seconds


def _seconds_at(path: str) -> Callable[[Json, Scope, float], float]:
    read = expression(path, "SecondsPath")

    def delay(data: Json, scope: Scope, now: float) -> float:
        seconds = read(data, scope)
        if not isinstance(seconds, int) or isinstance(seconds, bool):
            shown = f"{path} == {encode(seconds)}"
            raise Unreadable(f"The SecondsPath parameter cannot be parsed as a long value: {shown}")
        if seconds < 0:
            raise Unreadable(f"The SecondsPath parameter references a negative value: {path} == {seconds}")
        return float(seconds)

    return delay


def _until(moment: datetime) -> Callable[[Json, Scope, float], float]:
    return lambda data, scope, now: moment.timestamp() - now


def _until_path(path: str) -> Callable[[Json, Scope, float], float]:
    read = expression(path, "TimestampPath")

    def delay(data: Json, scope: Scope, now: float) -> float:
        text = read(data, scope)
        moment = instant(text)
        if moment is None:
            wanted = "a valid ISO-8601 extended offset date-time format string"
            raise Unreadable(f"The TimestampPath parameter does not reference {wanted}: {path} == {text}")
        return moment.timestamp() - now

    return delay
