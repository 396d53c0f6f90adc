"""Validation of input fields, for the API and for imports."""
