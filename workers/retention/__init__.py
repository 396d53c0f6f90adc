"""Deletes rows whose retention has ended."""
