"""Who is signed in in a browser, on the platform that a client is for."""

from __future__ import annotations

from starlette.requests import Request

from gateway.oauth.identity import SignedInIdentity
from gateway.signin import SignedInCustomer as Customer
from gateway.signin.frame.house import SignInServices


class Browsers:
    """Asks the sign-in pages. A browser may be signed in to several platforms: the client's is the one that counts,
    however lately another was proven, or the two would send people back and forth."""

    def __init__(self, house: SignInServices) -> None:
        self._house = house

    async def __call__(self, request: Request, platform: str) -> SignedInIdentity | None:
        """The customer, or None when nobody is signed in there; StoreUnavailableError when nobody can tell."""
        session = await self._house.session(request, platform)
        if session is None:
            return None
        at = int(session.authenticated_at.timestamp())
        return Customer(session.customer_id, session.id, at, session.methods, session.platform, session.shared)
