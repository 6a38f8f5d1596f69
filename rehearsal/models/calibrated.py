"""`calibrated`: a mix of faults under which Clouddriver's policy fails 4 % of deployments.

Netflix reports that about 4 % of its deployments failed for transient reasons of cloud operations before it moved them
to a durable engine (https://netflixtechblog.com, "How Temporal Powers Reliable Cloud Operations at Netflix", 2025).
What share each reason has is not published. Here each part has a reason and a small round number; the share of bad
spells, which nobody publishes, is fitted so that the whole comes to 4 %. Restarts of a redeploy belong to Clouddriver's
policy itself (`rehearsal.clouddriver`).
"""

from dataclasses import dataclass

FAILS = 0.04
"""What Clouddriver's policy fails under it, within TOLERANCE."""
TOLERANCE = 0.003


@dataclass(frozen=True)
class Ingredient:
    text: str
    why: str


MIX = (
    Ingredient(
        "bursts:0.0052:60",
        "Fitted. A service in trouble fails nine calls of ten for a minute on average: longer than the SDK's three "
        "retries (under a second) and mostly longer than ten local retries a second apart.",
    ),
    Ingredient(
        "throttling:0.003:60",
        "Token buckets as published, drained by others in the account for three minutes in a thousand: 'Rate exceeded' "
        "is what users of Clouddriver report most (spinnaker/spinnaker#751, #3466, #1975, #3419, #4458).",
    ),
    Ingredient("independent:0.001", "One call in a thousand fails by itself: a broken connection, an internal error."),
    Ingredient(
        "lost-answers:0.0005",
        "The call was done and the answer lost: several operations a day seem to fail and ran (spinnaker/orca#3704).",
    ),
    Ingredient("late:0.0002", "A call fails and takes effect up to 15 minutes later."),
    Ingredient("hangs:0.0002", "A call outlasts its caller and takes effect up to 15 minutes later."),
    Ingredient(
        "kills:0.00005",
        "The process dies: out of memory, a lost host. One call in 20,000 is one death in some 900 deployments.",
    ),
    Ingredient("doubles:0.001", "A function is invoked twice; Clouddriver's process has no such thing."),
    Ingredient("messages:0.002", "Token answers and events are lost, late, doubled; Clouddriver's has none of these."),
)
