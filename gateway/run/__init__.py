"""Composition of the gateway from its settings: start, background workers, and shutdown."""
