"""Photographs: turning, shrinking and serving them without what they know about their owner."""
