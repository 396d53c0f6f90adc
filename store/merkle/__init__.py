"""Merkle trees (RFC 9162), tiles and signed notes (C2SP), as pure functions."""
