"""Files on their way from one place to another, while riders are about."""
