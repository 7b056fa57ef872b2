"""Looking after the server: reports of what was done to it, errors, jobs that failed."""
