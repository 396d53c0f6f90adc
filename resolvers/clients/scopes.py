"""Which scopes a client may have, by which road, and the refusal of everything else (O4)."""

from __future__ import annotations

import re

from policy.app_scopes import APP_SCOPES
from policy.purposes import Purpose

TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")
"""One scope, by RFC 6749 §3.3."""

INTROSPECT = "tokens:introspect"
"""The action that lets a resource server look at tokens of others (RFC 7662)."""


class ScopeError(ValueError):
    """A scope is malformed, unknown, or more than the client may have; nothing is silently left out."""


def for_tools(purposes: frozenset[Purpose], actions: frozenset[str]) -> frozenset[str]:
    """The scopes that a client may have for itself: no purpose that is for one's own data."""
    return frozenset(purpose.scope for purpose in purposes if not purpose.own_data_only) | actions


def for_customers(purposes: frozenset[Purpose], actions: frozenset[str], first_party: bool) -> frozenset[str]:
    """The scopes that a client may have about a customer who is there: only purposes for one's own data; a client that
    is not our own gets only those that customers can allow in words (O10)."""
    own = frozenset(purpose.scope for purpose in purposes if purpose.own_data_only)
    if first_party:
        return own | actions
    shared = actions & APP_SCOPES
    return own | shared if shared else shared


def narrowed(asked: str | None, allowed: frozenset[str]) -> frozenset[str]:
    """The scopes asked for, or everything allowed if none were named; ScopeError unless all are allowed."""
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
    """The same scopes; ScopeError for a client that is not our own and asks for none that customers can allow."""
    if not first_party and not scopes & APP_SCOPES:
        raise ScopeError
    return scopes


def spelt(scopes: frozenset[str]) -> str:
    """As they stand in a response and in a token."""
    return " ".join(sorted(scopes))
