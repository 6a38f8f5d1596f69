"""The errors of Windlass: a closed set whose class names are the interface between Lambda and the state machines.

    WindlassError
    ├── Rejected          cannot be done as asked              never retried: put back (held, past the pivot)
    ├── Retryable
    │   ├── Transient     AWS or time will cure it             retried for the window
    │   ├── Throttled     the same, and the budget shrinks
    │   ├── Conflict      something else is changing this
    │   ├── NoCapacity    the cloud has none right now
    │   └── Broken        our bug                              retried (a fix may be on its way), alarmed at once
    ├── Decision          never retried: settles where the machine goes
    │   └── Cancelled, Paused, Expired, Exhausted, NotInTime, RollBack, Kept, Skipped, Abandoned,
    │       Revoked, Braked, Denied
    └── Answer            what a port says of a thing; activities turn it into success or one of the above
        ├── NotFound      there is no such thing (or it is not visible yet)
        └── AlreadyExists its name is taken

A message names the thing, the value and the remedy, and never contains request parameters.
"""


class WindlassError(Exception):
    """Whatever Windlass itself raises."""


class Rejected(WindlassError):
    """Cannot be done as asked; no retry changes that."""


class Retryable(WindlassError):
    """Time, somebody else or a fix will cure it."""


class Transient(Retryable):
    """AWS had a bad moment, or a thing just made is not visible yet."""


class Throttled(Retryable):
    """AWS asks for fewer calls."""


class Conflict(Retryable):
    """Something else is changing this thing, or an earlier attempt may still be alive."""


class NoCapacity(Retryable):
    """The cloud has none of what is asked right now."""


class Broken(Retryable):
    """Our own code is wrong; retried, since a fixed release reaches running operations."""


class Decision(WindlassError):
    """Settles where the machine goes; never retried."""


class Cancelled(Decision):
    """A caller cancelled the operation before its pivot."""


class Paused(Decision):
    """A caller paused the operation; it holds until resumed."""


class Expired(Decision):
    """A deadline (`startBy`, `finishBy`) has passed before the pivot."""


class Exhausted(Decision):
    """The step's retry window is over."""


class NotInTime(Decision):
    """A wait's check did not pass within the time declared."""


class RollBack(Decision):
    """Put everything back: a person or the policy said so."""


class Kept(Decision):
    """What was made is kept and put out of the way, and a person is called: the request said so."""


class Skipped(Decision):
    """A person decided that an undo is not needed."""


class Abandoned(Decision):
    """A person decided to leave things as they are."""


class Revoked(Decision):
    """The operation's guard was taken by force; it must not act again."""


class Braked(Decision):
    """Too much of an account goes out of service at once: a second person decides."""


class Denied(Decision):
    """Whoever asked for the operation may no longer ask for it."""


class Answer(WindlassError):
    """What a port says of a thing; it never leaves an activity."""


class NotFound(Answer):
    """There is no such thing, or it is not visible yet."""


class AlreadyExists(Answer):
    """The name is taken."""


DECISIONS = tuple(
    error.__name__
    for error in (
        *(Cancelled, Paused, Expired, Exhausted, NotInTime, RollBack, Kept),
        *(Skipped, Abandoned, Revoked, Braked, Denied),
    )
)
FINAL = (Rejected.__name__, *DECISIONS)
"""Names that a state machine never retries."""
