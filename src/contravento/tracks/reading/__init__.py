"""Reading GPX, FIT and TCX files."""
