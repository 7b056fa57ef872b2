"""Output shapes that several nouns share."""
