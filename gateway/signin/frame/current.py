"""The signed-in customer of a browser, for the authorization server."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from gateway.signin.frame.services import SignInServices


@dataclass(frozen=True, slots=True, repr=False)
class SignedInCustomer:
    """A customer with an open session."""

    customer_id: int
    session_id: int
    authenticated_at: int
    """The time of the last authentication, in Unix seconds."""
    amr: tuple[str, ...]
    """The authentication methods (RFC 8176)."""
    platform: str
    shared: bool = False
    """True on a shared computer, where no refresh token is left (R41)."""


class Current:
    """Finds the signed-in customer; of several platforms the one with the most recent authentication."""

    def __init__(self, services: SignInServices) -> None:
        self._services = services

    async def __call__(self, request: Request) -> SignedInCustomer | None:
        """The customer, or None if nobody is signed in. Raises StoreUnavailableError."""
        session = await self._services.session(request)
        if session is None:
            return None
        at = int(session.authenticated_at.timestamp())
        return SignedInCustomer(session.customer_id, session.id, at, session.methods, session.platform, session.shared)
