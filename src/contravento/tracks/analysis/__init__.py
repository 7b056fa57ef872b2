"""Figures and lines computed from a recording."""
