"""Erasures carried out, step by step."""
