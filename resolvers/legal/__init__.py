"""Orders of authorities: requests that two officers sign, and legal holds."""
