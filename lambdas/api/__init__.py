"""The HTTP API: Clouddriver's face and Windlass's own, of one table."""
