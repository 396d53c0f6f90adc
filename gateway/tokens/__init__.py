"""Access tokens (RFC 9068), their signing keys, and the verification of foreign JWTs."""
