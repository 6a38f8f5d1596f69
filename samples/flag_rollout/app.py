"""A hub that rolls out feature flags and does nothing else."""

from aws_cdk import App
from rollout.roll_out_flag import ROLL_OUT_FLAG

from windlass import Windlass

app = App()
Windlass(app, operations=[ROLL_OUT_FLAG])
app.synth()
