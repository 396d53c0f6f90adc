"""Erasure and export requests by customers, registrants and operators."""
