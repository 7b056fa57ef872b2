"""Coming back: restoring what was kept, and rebuilding a server that has nothing."""
