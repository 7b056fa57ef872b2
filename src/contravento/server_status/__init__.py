"""What an administrator is shown of the whole server, and what of it deserves a look."""
