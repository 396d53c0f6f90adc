"""Signing in: password, second factor, session, and the limits on attempts."""
