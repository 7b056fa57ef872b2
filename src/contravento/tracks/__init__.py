"""GPS tracks: reading files, measuring them, keeping and serving them."""
