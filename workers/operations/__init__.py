"""Operational counts, written to the store behind the requests."""
