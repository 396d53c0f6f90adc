"""Seals the ledger."""
