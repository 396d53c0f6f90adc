"""Finds the signed-in customer of a browser for the authorization endpoint."""

from __future__ import annotations

from starlette.requests import Request

from gateway.oauth.identity import SignedInIdentity
from gateway.signin import SignedInCustomer as Customer
from gateway.signin.frame.services import SignInServices


class Browsers:
    """Asks the sign-in pages for the session on the client's platform.

    A browser may be signed in to several platforms. Only the client's counts, however recent another sign-in is;
    otherwise authorization endpoint and sign-in page would redirect to each other for ever.
    """

    def __init__(self, services: SignInServices) -> None:
        self._services = services

    async def __call__(self, request: Request, platform: str) -> SignedInIdentity | None:
        """The customer, or None if nobody is signed in to that platform. Raises StoreUnavailableError."""
        session = await self._services.session(request, platform)
        if session is None:
            return None
        at = int(session.authenticated_at.timestamp())
        return Customer(session.customer_id, session.id, at, session.methods, session.platform, session.shared)
