"""Who a browser belongs to, as the authorization server asks it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from gateway.signin.frame.house import SignInServices


@dataclass(frozen=True, slots=True, repr=False)
class SignedInCustomer:
    """A customer with an open session."""

    customer_id: int
    session_id: int
    authenticated_at: int
    """When they last proved who they are, in Unix seconds."""
    amr: tuple[str, ...]
    """How (RFC 8176)."""
    platform: str
    shared: bool = False
    """The computer is one that others use too: no refresh token is left there (R41)."""


class Current:
    """Tells who is signed in: of several platforms the one where it was proven last."""

    def __init__(self, house: SignInServices) -> None:
        self._house = house

    async def __call__(self, request: Request) -> SignedInCustomer | None:
        """The customer, or None when nobody is signed in; StoreUnavailableError when nobody can tell."""
        session = await self._house.session(request)
        if session is None:
            return None
        at = int(session.authenticated_at.timestamp())
        return SignedInCustomer(session.customer_id, session.id, at, session.methods, session.platform, session.shared)
