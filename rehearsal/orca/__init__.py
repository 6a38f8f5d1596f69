"""Orca, scripted: what Spinnaker's orchestrator posts, reads and waits for, in virtual time over the real API.

Facts and numbers are those of spinnaker/orca 2fdb327a; classes named in docstrings are its own.
"""

from rehearsal.orca.pipeline import Orca, Stage, Status

__all__ = ["Orca", "Stage", "Status"]
