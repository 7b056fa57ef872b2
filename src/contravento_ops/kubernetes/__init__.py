"""A Kubernetes overlay and its Secrets, from the same environment file as Compose."""
