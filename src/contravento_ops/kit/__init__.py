"""What every command stands on: Docker, printing, refusals, the lock, the audit, the state."""
