"""Webhook messages about events, and the history of changes."""
