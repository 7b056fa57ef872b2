"""Many riders at once: sending them, reading what came of it, and what follows for this host."""
