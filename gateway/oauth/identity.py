"""The interface through which the authorization endpoint learns of the signed-in customer."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlencode

from starlette.requests import Request

SIGN_IN = "/sign-in"


class SignedInIdentity(Protocol):
    """A customer with an open session."""

    @property
    def customer_id(self) -> int:
        """The row number of the customer."""
        ...

    @property
    def session_id(self) -> int:
        """The session; tokens issued under it end with it."""
        ...

    @property
    def authenticated_at(self) -> int:
        """The time of the last authentication (`auth_time`), in Unix seconds."""
        ...

    @property
    def amr(self) -> tuple[str, ...]:
        """The authentication methods (RFC 8176): pwd, otp, hwk, mfa, ..."""
        ...

    @property
    def platform(self) -> str:
        """The platform signed in to: a webmail password does not open the client area."""
        ...

    @property
    def shared(self) -> bool:
        """True on a shared computer, where no refresh token is left (R41)."""
        ...


class WhoIsHere(Protocol):
    """Finds the signed-in customer of a browser by its session cookie."""

    async def __call__(self, request: Request, platform: str) -> SignedInIdentity | None:
        """The customer, or None if nobody is signed in to that platform. Raises StoreUnavailableError."""
        ...


async def nobody(request: Request, platform: str) -> SignedInIdentity | None:
    """None: for gateways where nobody can sign in, and all tokens are for tools."""
    return None


def sign_in_address(platform: str, back: str, max_age: int | None = None, language: str | None = None) -> str:
    """The address of the sign-in page, which returns to `back`; without a `language` the browser's is used.

    With `max_age`, in seconds, a session that was authenticated longer ago must sign in again.
    """
    wanted = {"platform": platform, "continue": back}
    if max_age is not None:
        wanted["max_age"] = str(max_age)
    if language is not None:
        wanted["lang"] = language
    return f"{SIGN_IN}?{urlencode(wanted)}"
