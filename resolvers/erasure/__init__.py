"""Erasure requests (GDPR Art. 17)."""
