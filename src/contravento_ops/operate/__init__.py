"""What a host does with an environment that runs: look, restart, renew, ask for help."""
