"""Compatibility of two schemas for the documents of clients: breaking, dangerous and safe changes."""
