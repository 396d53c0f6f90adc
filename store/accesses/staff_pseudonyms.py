"""Pseudonyms of staff in the ledger: keyed, so that only the register of staff leads from one to a code."""

from __future__ import annotations

import hmac
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from store.crypto.system_keys import SystemKeys

KEY = "staff"
"""The system key of these pseudonyms; operators of the command line have another one."""


async def staff_pseudonym(system: SystemKeys, code: str) -> str:
    """Return the pseudonym of a staff code, 22 letters."""
    digest = hmac.digest(await system.named(KEY), code.encode(), sha256)
    return urlsafe_b64encode(digest[:16])[:22].decode()


def shown_code(pseudonym: str) -> str:
    """Return the code that customers see, such as `K7QD-2MPA`: the same for every reading by the same person."""
    letters = b32encode(urlsafe_b64decode(pseudonym + "=="))[:8].decode()
    return f"{letters[:4]}-{letters[4:]}"
