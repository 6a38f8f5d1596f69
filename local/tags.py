"""Tags by which whoever seeds the cloud tells the embedded AWS what it cannot be told through AWS's own calls."""

CREATED = "embedded:created"
"""Of an image: when it was created."""
ID = "embedded:id"
"""Of an image: the id that it is to have from now on; recorded requests name theirs."""
NEVER_HEALTHY = "embedded:never-healthy"
"""Of an image, `true`: its instances run, and never pass a health check."""
