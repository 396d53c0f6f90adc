"""Requests for erasure (GDPR Art. 17)."""
