"""The address under which an owner of a domain sees what is held: for an hour, while the e-mail address is theirs."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime
from hashlib import sha256

from store.crypto.system_keys import SystemKeys

KEY = "registrant-links"
CONFIRMATION_KEY = "registrant-confirmations"
"""Of links that ask whether somebody is the owner; they do not show anything that a link of `KEY` shows."""
NUMBER, UNTIL, PROOF = 8, 8, 18


async def link_secret(house: SystemKeys, domain: int, resting_email: bytes, until: datetime, key: str = KEY) -> str:
    """46 characters for a link. They say the number of a domain and an end, and prove that they were sent to this
    address: `resting_email` is the sealed one, which is another as soon as it is written anew."""
    content = domain.to_bytes(NUMBER, "big") + int(until.timestamp()).to_bytes(UNTIL, "big")
    proof = _proof(await house.system(key), content, resting_email)
    return urlsafe_b64encode(content + proof).decode().rstrip("=")


class RegistrantLink:
    """What a link says of itself; it proves nothing before `holds`."""

    __slots__ = ("_content", "_proof", "domain", "until")

    def __init__(self, content: bytes) -> None:
        self._content, self._proof = content[: NUMBER + UNTIL], content[NUMBER + UNTIL :]
        self.domain = int.from_bytes(content[:NUMBER], "big")
        self.until = int.from_bytes(content[NUMBER : NUMBER + UNTIL], "big")

    @classmethod
    def read(cls, secret: str) -> RegistrantLink | None:
        """None for what cannot be one."""
        try:
            content = urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
        except (Base64Error, ValueError):
            return None
        return cls(content) if len(content) == NUMBER + UNTIL + PROOF and content[0] < 128 else None

    async def holds(self, house: SystemKeys, resting_email: bytes, now: datetime, key: str = KEY) -> bool:
        """Whether it was made here, for the address that is there now, and is not over."""
        expected = _proof(await house.system(key), self._content, resting_email)
        return hmac.compare_digest(self._proof, expected) and now.astimezone(UTC).timestamp() < self.until


def _proof(key: bytes, content: bytes, resting_email: bytes) -> bytes:
    return hmac.digest(key, content + sha256(resting_email).digest(), "sha256")[:PROOF]
