"""The foundation of every package. Knows no word of the domain."""
