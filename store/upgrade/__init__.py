"""Upgrades a store to this release: rebuilds look-ups, rewrites values."""
