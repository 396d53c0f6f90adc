"""Carries out erasures, step by step."""
