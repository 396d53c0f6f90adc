"""The state behind OAuth tokens: codes, families of refresh tokens, and what customers allowed."""
