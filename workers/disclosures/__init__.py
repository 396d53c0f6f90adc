"""Customers told of disclosures once an embargo has ended."""
