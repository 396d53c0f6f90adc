"""The ticket of the consent form: it ties the form to the session that it was shown to."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import orjson

from store.crypto.system_keys import SystemKeys

KEY = "oauth-consent"
SECONDS = 600


@dataclass(frozen=True, slots=True)
class Ticket:
    """The request that a form is the answer to, the session it was shown to, and until when, in Unix seconds."""

    query: str
    session: int
    expires: int

    async def sealed(self, house: SystemKeys) -> str:
        """For the form: nobody can make one for another session, so no other site can send the form (CSRF)."""
        text = urlsafe_b64encode(orjson.dumps([self.query, self.session, self.expires])).decode()
        return f"{text}.{await _mac(house, text)}"

    @classmethod
    async def opened(cls, house: SystemKeys, sealed: str, now: float) -> Ticket | None:
        """What was sealed here, as long as it is good; None for anything else. Whose it is is for the caller to see."""
        text, _, mac = sealed.partition(".")
        if not hmac.compare_digest(mac.encode(), (await _mac(house, text)).encode()):
            return None
        ticket = cls(*orjson.loads(urlsafe_b64decode(text)))
        return ticket if now < ticket.expires else None


async def _mac(house: SystemKeys, text: str) -> str:
    mark = hmac.digest(await house.named(KEY), text.encode(), "sha256")
    return urlsafe_b64encode(mark).decode()
