"""Requests of authorities and of data subjects as staff carry them out, and legal holds."""
