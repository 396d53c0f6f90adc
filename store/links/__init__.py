"""Encrypted links that work without sign-in."""
