"""Where riders' files are kept: from one place to another, while they are served."""
