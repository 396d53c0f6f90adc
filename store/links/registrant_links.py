"""Links for owners of domains to the data held about them: valid for an hour, until the e-mail address changes."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime
from hashlib import sha256

from store.crypto.system_keys import SystemKeys

KEY = "registrant-links"
CONFIRMATION_KEY = "registrant-confirmations"
"""The key of links that ask for confirmation of the owner; they show none of the data behind a link of `KEY`."""
NUMBER, UNTIL, PROOF = 8, 8, 18


async def link_secret(system: SystemKeys, domain: int, resting_email: bytes, until: datetime, key: str = KEY) -> str:
    """Return the secret of a link, 46 characters: the number of a domain and an expiry time, with a MAC that binds them
    to the e-mail address: `resting_email` is its ciphertext, which changes whenever it is rewritten."""
    content = domain.to_bytes(NUMBER, "big") + int(until.timestamp()).to_bytes(UNTIL, "big")
    proof = _proof(await system.named(key), content, resting_email)
    return urlsafe_b64encode(content + proof).decode().rstrip("=")


class RegistrantLink:
    """The claims of a link; they are not verified before `holds`."""

    __slots__ = ("_content", "_proof", "domain", "until")

    def __init__(self, content: bytes) -> None:
        self._content, self._proof = content[: NUMBER + UNTIL], content[NUMBER + UNTIL :]
        self.domain = int.from_bytes(content[:NUMBER], "big")
        self.until = int.from_bytes(content[NUMBER : NUMBER + UNTIL], "big")

    @classmethod
    def read(cls, secret: str) -> RegistrantLink | None:
        """Parse a link; None for anything that cannot be one."""
        try:
            content = urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
        except (Base64Error, ValueError):
            return None
        # A domain's number has 63 bits, so that a first byte above 127 is a forgery that the database would not accept.
        return cls(content) if len(content) == NUMBER + UNTIL + PROOF and content[0] < 128 else None

    async def holds(self, system: SystemKeys, resting_email: bytes, now: datetime, key: str = KEY) -> bool:
        """Verify that it was made here, for the current address, and has not expired."""
        expected = _proof(await system.named(key), self._content, resting_email)
        return hmac.compare_digest(self._proof, expected) and now.astimezone(UTC).timestamp() < self.until


def _proof(key: bytes, content: bytes, resting_email: bytes) -> bytes:
    return hmac.digest(key, content + sha256(resting_email).digest(), "sha256")[:PROOF]
