"""The scopes that a client may have by each grant; everything else is refused (O4)."""

from __future__ import annotations

import re

from policy.app_scopes import APP_SCOPES
from policy.openid import OPENID_SCOPES
from policy.purposes import Purpose

TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")
"""One scope token (RFC 6749 §3.3)."""

CONSENTED = APP_SCOPES | OPENID_SCOPES
"""The scopes that customers can consent to, each of which has words."""

INTROSPECT = "tokens:introspect"
"""The scope by which a resource server may introspect other clients' tokens (RFC 7662)."""


class ScopeError(ValueError):
    """A scope is malformed, unknown, or more than the client may have; nothing is silently left out."""


def for_tools(purposes: frozenset[Purpose], actions: frozenset[str]) -> frozenset[str]:
    """The scopes that a client may have for itself: no purpose that is for one's own data."""
    return frozenset(purpose.scope for purpose in purposes if not purpose.own_data_only) | actions


def for_customers(purposes: frozenset[Purpose], actions: frozenset[str], first_party: bool) -> frozenset[str]:
    """The scopes a client may have in a customer's token: purposes for one's own data only.

    A third-party client gets only scopes that customers can consent to (O10).
    """
    own = frozenset(purpose.scope for purpose in purposes if purpose.own_data_only)
    if first_party:
        return own | actions
    shared = actions & CONSENTED
    return own | shared if shared else shared


def narrowed(asked: str | None, allowed: frozenset[str]) -> frozenset[str]:
    """The requested scopes, or all allowed ones if none were requested; ScopeError unless all are allowed."""
    if asked is None:
        wanted = allowed
    else:
        words = asked.split(" ")
        wanted = frozenset(words)
        if not all(TOKEN.fullmatch(word) for word in words):
            raise ScopeError
    if not wanted or not wanted <= allowed:
        raise ScopeError
    return wanted


def require_words(scopes: frozenset[str], first_party: bool) -> frozenset[str]:
    """The same scopes; ScopeError if a third-party client requests none that customers can consent to."""
    if not first_party and not scopes & CONSENTED:
        raise ScopeError
    return scopes


def spelt(scopes: frozenset[str]) -> str:
    """The scopes in the form of responses and tokens: sorted, with spaces between."""
    return " ".join(sorted(scopes))
