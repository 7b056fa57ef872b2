"""What a rider's trips add up to."""
