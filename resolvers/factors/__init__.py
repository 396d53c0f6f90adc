"""Credentials and second factors: TOTP (RFC 6238), passkeys (WebAuthn), recovery codes."""
