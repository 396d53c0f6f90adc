"""Registers that operators keep: payment affiliates, partners, staff and their keys."""
