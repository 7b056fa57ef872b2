"""The state of the whole server for administrators, and what in it needs attention."""
