"""All that uses private parts of Authlib, written for 1.9: which scope a refresh token may be used for.

Authlib compares the requested scope with that of the token. It has no public way to narrow it to what the client is
still registered for, between the check of the token and the issue of the next.
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import grants

WRITTEN_FOR = "1.9"
"""The version whose source was read; tests/test_private_parts.py compares it with the installed one."""


class NarrowingRefreshGrant(grants.RefreshTokenGrant):
    """Authlib's refresh token grant (RFC 6749 §6), whose subclass decides the scope."""

    def narrow_scope(self, token: Any) -> None:
        """Set the scope of the request, or raise an OAuth2Error; called when client and token have been checked."""
        raise NotImplementedError

    def _validate_token_scope(self, token: Any) -> None:
        self.narrow_scope(token)
