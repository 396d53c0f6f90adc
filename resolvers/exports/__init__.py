"""Requests for a copy of everything that is held (GDPR Art. 15, 20)."""
