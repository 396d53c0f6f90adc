"""The outcomes of a sign-in attempt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class SignedIn:
    """Authenticated: the secrets for the browser's cookies."""

    session_id: int
    secret: str
    device_secret: str | None
    """None on a shared computer."""
    shared: bool


@dataclass(frozen=True, slots=True, repr=False)
class SecondFactorRequired:
    """The password was right; a second factor is needed, of one of these kinds."""

    secret: str
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not authenticated. `wait` is the number of seconds before the next attempt; 0 for at once."""

    wait: int = 0


@dataclass(frozen=True, slots=True)
class Expired:
    """The pending sign-in expired, or the session to renew was ended: start again."""
