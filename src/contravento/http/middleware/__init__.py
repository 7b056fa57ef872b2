"""Small pure ASGI middlewares; their order is a list in main.py."""
