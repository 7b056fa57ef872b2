"""Passwords, tokens, and limits on tries."""
