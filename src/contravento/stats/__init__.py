"""Statistics of a rider's trips."""
