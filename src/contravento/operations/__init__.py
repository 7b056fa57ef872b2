"""Operating the server: reports, errors and failed jobs."""
