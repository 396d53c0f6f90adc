"""Passwords as such: normalisation, hashing, strength, lists."""
