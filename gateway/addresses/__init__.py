"""Addresses of the gateway: below a path of its host, and where standards look for metadata."""
