"""Tracks written as files of several formats, a stretch at a time.

Whoever uploaded a track, their device and whatever it measured besides are in none of them.
"""
