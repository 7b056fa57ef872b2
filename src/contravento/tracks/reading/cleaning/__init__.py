"""What cannot be true in a file is taken out, mended or said."""
