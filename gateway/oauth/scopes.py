"""The refusal of scopes in the words of OAuth (RFC 6749 §5.2); the rules are in `resolvers.clients.scopes` (O4)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidScopeError

from resolvers.clients import scopes
from resolvers.clients.scopes import ScopeError


class RefusedScopeError(InvalidScopeError):
    """More was asked for than may be given."""

    description = "A scope is malformed, unknown, or more than this client may have in this way."


def narrowed(asked: str | None, allowed: frozenset[str]) -> frozenset[str]:
    """The scopes asked for, or everything allowed if none were named; RefusedScopeError unless all are allowed."""
    try:
        return scopes.narrowed(asked, allowed)
    except ScopeError:
        raise RefusedScopeError from None


def require_words(asked: frozenset[str], first_party: bool) -> frozenset[str]:
    """The same scopes; RefusedScopeError where an app of others asks for none that customers can allow."""
    try:
        return scopes.require_words(asked, first_party)
    except ScopeError:
        raise RefusedScopeError from None
