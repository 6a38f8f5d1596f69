"""How a state fails: with an error name that Retry and Catch match, and a cause for people."""

RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
TOO_LARGE = "States.DataLimitExceeded"


class Failure(Exception):
    """`also` is a second name it answers to; what is `final` no Retry and no Catch matches; `took` is how long the
    function ran until it failed."""

    took = 0.0

    def __init__(self, error: str | None, cause: str | None = None, *, also: str = "", final: bool = False) -> None:
        super().__init__(error, cause)
        self.error, self.cause, self.also, self.final = error, cause, also, final

    def matches(self, names: frozenset[str]) -> bool:
        """Whether one of the names in an ErrorEquals means this failure.

        https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html: States.ALL takes everything
        but States.Runtime, States.TaskFailed everything but time-outs. States.DataLimitExceeded of a Task's result is
        taken by States.ALL, whatever that page says: recorded cases 0173 and 0176.
        """
        if self.final or self.error == RUNTIME:
            return False
        if self.error in names or "States.ALL" in names or self.also in names:
            return True
        return "States.TaskFailed" in names and self.error != TIMEOUT


class TaskError(Failure):
    """What a function raises: the error name and cause as Lambda reports them, and how long it took until then."""

    def __init__(self, error: str, cause: str = "", took: float = 0.0) -> None:
        super().__init__(error, cause)
        self.took = took


class Unreadable(Failure):
    """An expression that cannot be evaluated on this data."""

    def __init__(self, cause: str, error: str = RUNTIME) -> None:
        super().__init__(error, cause)

    def inside(self, state: str, entered: int) -> Failure:
        """The same, with the state and the id of the event it was entered with, as Step Functions words it."""
        where = f"An error occurred while executing the state '{state}' (entered at the event id #{entered}). "
        return Failure(self.error, f"{where}{self.cause}")
