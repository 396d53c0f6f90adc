"""Informs customers of disclosures once an embargo has ended."""
