"""Trips: drafts, publishing, who may read them."""
