"""Who is signed in: what the authorization endpoint needs to know of a customer, and nothing of how it was proven."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlencode

from starlette.requests import Request

SIGN_IN = "/sign-in"


class SignedInIdentity(Protocol):
    """A customer with an open session."""

    @property
    def customer_id(self) -> int:
        """Who."""
        ...

    @property
    def session_id(self) -> int:
        """The session: what is given out under it ends with it."""
        ...

    @property
    def authenticated_at(self) -> int:
        """When the customer last proved who they are, in Unix seconds."""
        ...

    @property
    def amr(self) -> tuple[str, ...]:
        """How (RFC 8176): pwd, otp, hwk, mfa, ..."""
        ...

    @property
    def platform(self) -> str:
        """Which sign-in it was: a webmail password does not open the client area."""
        ...

    @property
    def shared(self) -> bool:
        """Whether the computer is one that others use: no refresh token is left there (R41)."""
        ...


class WhoIsHere(Protocol):
    """Tells who a browser belongs to, by its session cookie."""

    async def __call__(self, request: Request, platform: str) -> SignedInIdentity | None:
        """The customer, or None when nobody is signed in to that platform; StoreUnavailableError when nobody can
        tell."""
        ...


async def nobody(request: Request, platform: str) -> SignedInIdentity | None:
    """Nobody can sign in: for gateways whose tokens are all for tools."""
    return None


def sign_in_address(platform: str, back: str, max_age: int | None = None) -> str:
    """Where to sign in, and come back from; with `max_age`, also when signed in longer ago than so many seconds."""
    wanted = {"platform": platform, "continue": back}
    if max_age is not None:
        wanted["max_age"] = str(max_age)
    return f"{SIGN_IN}?{urlencode(wanted)}"
