"""Fault models: what goes wrong in a rehearsal, by name. They compose with `+`: docs/rehearsal/README.md."""

from rehearsal.models.grammar import MODELS, NotAModel, parse
from rehearsal.models.model import FaultModel, Part, Stage, service_of

__all__ = ["MODELS", "FaultModel", "NotAModel", "Part", "Stage", "parse", "service_of"]
