"""Customers registered, and their profile."""
