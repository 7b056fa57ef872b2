"""The environment file and the host: made, checked, explained."""
