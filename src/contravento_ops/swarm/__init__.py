"""A Swarm's stack from the same Compose files and environment file, and bringing it there."""
