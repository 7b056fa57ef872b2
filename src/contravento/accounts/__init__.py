"""Riders: signing up, signing in, profiles."""
