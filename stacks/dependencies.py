"""The dependency layer: synth only points to the folder that `layer.py` has built."""

from pathlib import Path

from aws_cdk import AssetHashType
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.layer import STAMP, is_built, lock_hash


class Dependencies(lambda_.LayerVersion):
    """What `requirements.lock` names, for Lambda's Python on arm64; boto3 is part of the runtime."""

    def __init__(self, scope: Construct, construct_id: str, *, folder: Path) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Windlass: dependencies",
            # By the lock, not by the files: what a machine's file system adds to them must not publish a new layer.
            code=lambda_.Code.from_asset(
                str(_built(folder)), asset_hash=lock_hash(), asset_hash_type=AssetHashType.CUSTOM, exclude=[STAMP]
            ),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            compatible_architectures=[lambda_.Architecture.ARM_64],
        )


def _built(folder: Path) -> Path:
    if not is_built(folder):
        wrong = f"the dependency layer in {folder} is missing or of another lock"
        raise FileNotFoundError(f"{wrong}; run `make layer`, or without a checkout `python -m stacks.layer`")
    return folder
