"""Rows removed once their retention has ended."""
