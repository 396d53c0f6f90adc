"""Sanitised copies: a store of the same shape whose every personal value is invented."""
