"""Consents of customers to third-party clients, and the ticket that binds a consent form to its session."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import orjson

from store.crypto.system_keys import SystemKeys

KEY = "oauth-consent"
SECONDS = 600
"""Seconds to answer the consent form."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The authorization request of a consent form, the session it was shown to, and its expiry in Unix seconds."""

    query: str
    session: int
    expires: int

    async def sealed(self, system_keys: SystemKeys) -> str:
        """The ticket with its MAC, for the form: no other site can make one, so none can submit the form (CSRF)."""
        text = urlsafe_b64encode(orjson.dumps([self.query, self.session, self.expires])).decode()
        return f"{text}.{await _mac(system_keys, text)}"

    @classmethod
    async def opened(cls, system_keys: SystemKeys, sealed: str, now: float) -> Ticket | None:
        """Verify MAC and expiry; None if either fails. The caller compares the session."""
        text, _, mac = sealed.partition(".")
        if not hmac.compare_digest(mac.encode(), (await _mac(system_keys, text)).encode()):
            return None
        # Only parsed once its MAC is verified, so the content is our own.
        ticket = cls(*orjson.loads(urlsafe_b64decode(text)))
        return ticket if now < ticket.expires else None


async def _mac(system_keys: SystemKeys, text: str) -> str:
    mark = hmac.digest(await system_keys.named(KEY), text.encode(), "sha256")
    return urlsafe_b64encode(mark).decode()
