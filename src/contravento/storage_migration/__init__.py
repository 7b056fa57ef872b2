"""Moving files from one storage backend to another while riders use the site."""
