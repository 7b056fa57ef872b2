"""What runs on the host: deployment, checks, backups. Imports nothing of the application."""
