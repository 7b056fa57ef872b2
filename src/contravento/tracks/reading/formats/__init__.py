"""One module for each format of track files."""
