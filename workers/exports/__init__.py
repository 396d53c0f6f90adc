"""Exports made."""
