"""Looks at a deployed Windlass from outside, with a person's own credentials: `python -m doctor`.

`upgrade` (the default) says whether a release can be deployed now, and what it would break; `reconcile`, how each
operation goes on after people acted by hand; `destroy`, whether the stack can go.
"""
