"""Export requests (GDPR Art. 15, 20)."""
