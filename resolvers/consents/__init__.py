"""Consents, news and cookie preferences, and what stops processing."""
