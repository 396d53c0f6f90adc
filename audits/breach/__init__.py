"""The scope of a personal data breach from the ledger, its notification (Art. 33) and its letters (Art. 34)."""
