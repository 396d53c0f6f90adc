"""Addresses that work without signing in, encrypted."""
