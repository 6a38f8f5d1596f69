"""Feature flags rolled out step by step: an operation that has nothing to do with servers."""
