"""`calibrated`: a mix of faults under which Clouddriver's policy fails 4 % of deployments.

Netflix reports that about 4 % of its deployments failed for transient reasons of cloud operations before it moved them
to a durable engine. The parts are what Clouddriver's users report, each with a stated reason; all but one have round
numbers taken from there or chosen small; the share of bad spells is fitted.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ingredient:
    text: str
    why: str


MIX = (
    Ingredient(
        "bursts:0.005:45",
        "fitted; a service in trouble or throttled for about as long as an AWS incident's small cousin lasts: longer "
        "than the SDK's three retries (some two seconds), mostly longer than ten local retries of a second",
    ),
)
