"""Rotates the root key, and sweeps reservations."""
