"""The editor in which a trip is written."""
