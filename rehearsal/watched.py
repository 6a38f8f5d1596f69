"""A world seen by CloudWatch: what Lambda measures of the functions, beside what these tell themselves."""

from rehearsal.cloudwatch import Point, points, series
from rehearsal.heralds import TellingWorld
from rehearsal.world import World

NAMESPACE, PREFIX, LIVE = "AWS/Lambda", "windlass-", "live"


class Watch:
    """Points of the world from now on; what a state machine calls is not among them, since no alarm looks at it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: list[Point] = []
        world.invocations.append(self._begun)
        world.crashed.append(self._crashed)

    @property
    def points(self) -> list[Point]:
        return [*self._seen, *points(self._world.metrics)]

    def _begun(self, where: str) -> None:
        if where == "sweep":
            self._tell("Sweep", "Invocations", 1.0)
            self._tell("Sweep", "Errors", 0.0)
        elif where == "projector":
            # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html: in milliseconds
            self._tell("Projector", "IteratorAge", self._world.stream.age * 1000)
        elif where == "herald" and isinstance(self._world, TellingWorld) and self._world.tellings.age:
            self._tell("Herald", "IteratorAge", self._world.tellings.age * 1000)

    def _crashed(self, where: str) -> None:
        """The projector answers which record failed, which is no error of the function."""
        if where == "sweep":
            self._tell("Sweep", "Errors", 1.0)

    def _tell(self, function: str, metric: str, value: float) -> None:
        name = PREFIX + function
        of = series(NAMESPACE, metric, FunctionName=name, Resource=f"{name}:{LIVE}")
        self._seen.append(Point(of, self._world.clock.now, value))
