"""What comes of an attempt to sign in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class SignedIn:
    """It is them: what the browser is given to keep."""

    session_id: int
    secret: str
    device_secret: str | None
    """None on a computer that others use, too."""
    shared: bool


@dataclass(frozen=True, slots=True, repr=False)
class SecondFactorRequired:
    """The password was right; a second factor is needed, of one of these kinds."""

    secret: str
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not believed. `wait` seconds until the next attempt is looked at; 0: at once."""

    wait: int = 0


@dataclass(frozen=True, slots=True)
class Expired:
    """The first step was too long ago, or the session it would renew was ended: begin again."""
