"""The checklist before a release, box by box, against the environment that runs."""
