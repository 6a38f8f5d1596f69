"""The CDK app; `python app.py` with `CDK_OUTDIR` and `CDK_CONTEXT_JSON` set writes what `cdk synth` writes."""

from stacks.application import application

application().synth()
