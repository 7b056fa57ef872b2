"""The verbs of deploy.sh, a file per kind of work."""
