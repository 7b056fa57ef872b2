"""Bringing a release into service beside the one that serves, and going back."""
