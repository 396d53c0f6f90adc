"""The authorization server: OAuth 2.1 on Authlib, held to RFC 9700."""
