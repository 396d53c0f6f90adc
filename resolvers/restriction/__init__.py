"""Restriction of processing and objection (GDPR Art. 18, 21)."""
