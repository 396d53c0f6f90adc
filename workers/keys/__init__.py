"""The root key rotated in time."""
