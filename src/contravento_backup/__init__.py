"""What runs in the backup service: sets, their proof, the off-site copy."""
