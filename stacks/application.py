"""The CDK app: the hub's stack and the one that watches it, by the source tree and the context alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App

from stacks import ROOT
from stacks.layer import LAYER
from stacks.settings import Settings
from stacks.watch import Watch
from stacks.windlass import Windlass

# The CLI asks for both kinds of metadata and a bare `python app.py` for neither: decided here, so that templates agree.
_SAME_EITHER_WAY = {"aws:cdk:enable-path-metadata": False, "aws:cdk:enable-asset-metadata": False}


def application(
    context: Mapping[str, Any] | None = None,
    *,
    outdir: Path | None = None,
    validate: bool | None = None,
    layer: Path = LAYER,
) -> App:
    """The app with both stacks in it, not yet synthesised.

    Context given here counts for more than `cdk.json`, the CLI's (`-c`) for more than both. `validate` is CDK's own
    CloudFormation validation; None leaves it to the environment (`CDK_VALIDATION`).
    """
    app = App(
        outdir=str(outdir) if outdir else None,
        context={**_project_context(), **(context or {})},
        post_cli_context=_SAME_EITHER_WAY,
        analytics_reporting=False,
        tree_metadata=False,
        builtin_cloud_formation_validation=validate,
    )
    settings = Settings.of(app.node)
    Windlass(app, "Windlass", settings=settings, layer=layer)
    Watch(app, "WindlassWatch", settings=settings)
    return app


def _project_context() -> dict[str, Any]:
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context
