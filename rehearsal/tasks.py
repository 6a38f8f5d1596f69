"""Task states: a Lambda function by its name or ARN, `lambda:invoke`, and `lambda:invoke.waitForTaskToken`."""

from abc import abstractmethod

from .execution import REGION, Branch
from .expressions import expression
from .failures import HEARTBEAT_TIMEOUT, TIMEOUT, Failure, TaskError, Unreadable
from .jsontext import Json, decode
from .paths import Read
from .recovery import Recovering
from .states import Definition

_RESULT_METADATA: dict[str, Json] = {
    "ExecutedVersion": "$LATEST",
    "SdkHttpMetadata": {"HttpStatusCode": 200},
    "SdkResponseMetadata": {"RequestId": "00000000-0000-0000-0000-000000000000"},
    "StatusCode": 200,
}


def compile_task(name: str, definition: Definition) -> "Task":
    """Whatever does not name a service is a function: an ARN, a name, or a `${Hole}` kept as it is."""
    resource: str = definition["Resource"]
    _, service, action = resource.partition(":states:::")
    if not service:
        return DirectTask(name, definition)
    if action == "lambda:invoke":
        return InvokeTask(name, definition)
    if action == "lambda:invoke.waitForTaskToken":
        return TokenTask(name, definition)
    raise ValueError(f"{name}: the resource {resource} is not supported")


class Task(Recovering):
    """An attempt calls the function at once; a result that took time arrives, or the time-out strikes, when due."""

    events = "Task"
    """What the names of its events begin with."""

    def __init__(self, name: str, definition: Definition) -> None:
        super().__init__(name, definition)
        self.resource: str = definition["Resource"]
        self.seconds = _seconds(definition, "TimeoutSeconds")
        self.heartbeat = _seconds(definition, "HeartbeatSeconds")

    @abstractmethod
    def function(self, request: Json) -> str:
        """Whom to call."""

    @abstractmethod
    def payload(self, request: Json) -> Json:
        """With what."""

    def called(self) -> str:
        """Its name in the message about too large a result."""
        return "lambda"

    def result(self, returned: Json) -> Json:
        return returned

    def attempt(self, branch: Branch) -> str | None:
        request = self.request(branch)
        timeout = self.limit(branch, self.seconds)
        self.note_scheduled(branch, request, timeout)
        try:
            returned, took = branch.invoke(self.function(request), self.payload(request), self.called())
        except Failure as failure:
            return self.in_time(branch, timeout, failure.took, failure)
        if took == 0:
            return self.answered(branch, self.result(returned))
        return self.in_time(branch, timeout, took, None, returned)

    def in_time(
        self, branch: Branch, timeout: int | None, took: float, error: Failure | None, returned: Json = None
    ) -> str | None:
        """What comes first, the function's end or the time-out."""
        if timeout is not None and took > timeout:
            branch.after(timeout, self.timed_out)
        elif error is None:
            branch.after(took, lambda late: self.answered(late, self.result(returned)))
        elif took == 0:
            return self.refused(branch, error)
        else:
            branch.after(took, lambda late: self.refused(late, error))
        return None

    def answered(self, branch: Branch, result: Json) -> str | None:
        self.note(branch, "Succeeded", output=result)
        return self.leave(branch, self.output(branch, result), self.next)

    def refused(self, branch: Branch, failure: Failure) -> str | None:
        self.note(branch, "Failed", error=failure.error, cause=failure.cause)
        raise failure

    def timed_out(self, branch: Branch, also: str = "") -> str | None:
        self.note(branch, "TimedOut", error=TIMEOUT)
        raise Failure(TIMEOUT, also=also)

    def limit(self, branch: Branch, seconds: Read | int | None) -> int | None:
        if seconds is None or isinstance(seconds, int):
            return seconds
        value = seconds(self.input(branch), branch)
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise Unreadable(f"A time limit must be a positive integer, not {value!r}")
        return value

    @abstractmethod
    def note_scheduled(self, branch: Branch, request: Json, timeout: int | None) -> None:
        """The two events an attempt begins with."""

    @abstractmethod
    def note(self, branch: Branch, what: str, **details: Json) -> None:
        """An event of the attempt."""


class DirectTask(Task):
    """The resource is the function, its input the state's, its result what the function returned."""

    def function(self, request: Json) -> str:
        return self.resource

    def payload(self, request: Json) -> Json:
        return request

    def called(self) -> str:
        return self.resource

    def note_scheduled(self, branch: Branch, request: Json, timeout: int | None) -> None:
        branch.note("LambdaFunctionScheduled", input=request, resource=self.resource, timeoutInSeconds=timeout)
        branch.note("LambdaFunctionStarted")

    def note(self, branch: Branch, what: str, **details: Json) -> None:
        branch.note(f"LambdaFunction{what}", **details)


class InvokeTask(Task):
    """The function is named in the parameters; its result comes wrapped in Lambda's response."""

    service, named = "lambda", "FunctionName"
    """Whose integration it is, and the parameter that names what is called."""

    def __init__(self, name: str, definition: Definition) -> None:
        super().__init__(name, definition)
        self.action = self.resource.rpartition(f":{self.service}:")[2]
        if not {self.named, f"{self.named}.$"} & set(definition.get("Parameters", {})):
            raise ValueError(f"Parameters must have {self.named}")

    def function(self, request: Json) -> str:
        name: str = request["FunctionName"]
        return name

    def payload(self, request: Json) -> Json:
        """A string is sent as it stands, so it is JSON text; nothing at all arrives as an empty object."""
        payload = request.get("Payload")
        if payload is None:
            return {}
        return _parsed(payload) if isinstance(payload, str) else payload

    def result(self, returned: Json) -> Json:
        return {**_RESULT_METADATA, "Payload": returned}

    def note_scheduled(self, branch: Branch, request: Json, timeout: int | None) -> None:
        heartbeat = self.limit(branch, self.heartbeat)
        limits = {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
        self.note(branch, "Scheduled", parameters=request, region=REGION, **limits)
        self.note(branch, "Started")

    def note(self, branch: Branch, what: str, **details: Json) -> None:
        branch.note(f"Task{what}", resource=self.action, resourceType=self.service, **details)


class TokenTask(InvokeTask):
    """Once the function has been called, whoever holds the token decides how and when the state ends."""

    def attempt(self, branch: Branch) -> str | None:
        branch.heartbeat = self.limit(branch, self.heartbeat)
        token = branch.new_token()
        request = self.request(branch)
        timeout = self.limit(branch, self.seconds)
        self.note_scheduled(branch, request, timeout)
        if timeout is not None:
            branch.after(timeout, self.timed_out)
        self.beat(branch)
        try:
            returned, took = self.call(branch, request)
        except Failure as failure:
            return self.not_submitted(branch, token, failure)
        self.submitted(branch, token, returned, took)
        return None

    def call(self, branch: Branch, request: Json) -> tuple[Json, float]:
        """Hand the token over; gives what was answered to that, and how long it took."""
        return branch.invoke(self.function(request), self.payload(request), self.called())

    def not_submitted(self, branch: Branch, token: str, failure: Failure) -> str | None:
        """That the function failed does not matter once its token has been answered."""
        if branch.token != token:
            return None
        if failure.took == 0:
            return self.refused(branch, failure)
        branch.after(failure.took, lambda late: self.refused(late, failure))
        return None

    def submitted(self, branch: Branch, token: str, returned: Json, took: float) -> None:
        """An answer that came before the function was done leaves no such event."""

        def note(late: Branch) -> None:
            self.note(late, "Submitted", output=self.result(returned))

        if took == 0:
            note(branch)
        elif branch.token == token:
            branch.later(took, note)

    def beat(self, branch: Branch) -> None:
        """The time for the next heartbeat begins anew."""
        if branch.heartbeat is None:
            return
        if branch.pulse is not None:
            branch.pulse.cancel()
        branch.pulse = branch.after(branch.heartbeat, self.lost)

    def lost(self, branch: Branch) -> str | None:
        """Real executions report States.Timeout here too; Retry and Catch may name either."""
        return self.timed_out(branch, also=HEARTBEAT_TIMEOUT)


def _parsed(payload: str) -> Json:
    try:
        return decode(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise TaskError("Lambda.InvalidRequestContentException", message) from error


def _seconds(definition: Definition, field: str) -> Read | int | None:
    """A constant is known; one that is no time limit is refused where it would count, as a path's value is."""
    if f"{field}Path" in definition:
        return expression(definition[f"{field}Path"], f"{field}Path")
    constant = definition.get(field)
    if constant is None or (type(constant) is int and constant > 0):
        return constant
    return lambda data, scope: constant
