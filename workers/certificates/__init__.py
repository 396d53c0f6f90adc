"""Signed certificates and statements of an erasure."""
