"""HTML pages, one file per noun."""
