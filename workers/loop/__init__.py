"""Runs periodic work until it is stopped."""
