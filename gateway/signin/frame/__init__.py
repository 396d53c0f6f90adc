"""Shared by all sign-in pages: request context, cookies, HTML and texts."""
