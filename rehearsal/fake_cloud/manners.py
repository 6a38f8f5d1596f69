"""How the cloud takes its time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Manners:
    """Seconds, as a patient observer of AWS would state them."""

    boot: float = 40.0
    """From launch to InService."""
    health: float = 20.0
    """From registration with a load balancer to its first healthy answer."""
    drain: float = 300.0
    """From deregistration with a load balancer to the end of the last connection."""
    shutdown: float = 30.0
    """From terminating an instance to its end."""
    deletion: float = 60.0
    """From a group's deletion to its name being free."""
    relaunch: float = 60.0
    """From a failed launch to the next try of Auto Scaling."""
    hook: float = 5.0
    """Until somebody completes a launch hook's lifecycle action."""
    lag: float = 0.0
    """A read does not show what was written less than this ago."""


PROMPT = Manners(boot=0, health=0, drain=0, shutdown=0, deletion=0, relaunch=0.1, hook=0)
"""Everything at once: where a test is not about waiting."""
