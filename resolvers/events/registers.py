"""Checks registrations again when they are read, since a row may have been written by hand or by an older release."""

from __future__ import annotations

import logging
from functools import lru_cache

from policy.registered import Registered, offences

log = logging.getLogger("gateway")

REMEMBERED = 4_000
"""Cached results: an unchanged row is checked, and logged, once."""


# The arguments are the registration itself, so that a changed row is checked again.
@lru_cache(REMEMBERED)
def may_serve(name: str, entry: Registered) -> bool:
    """True if the registration keeps the hard rules (D11); otherwise it is logged and not used."""
    found = offences(entry)
    if found:
        log.error(
            "a registration breaks a hard rule and is refused",
            extra={
                "register": type(entry).__name__.removesuffix("Registration").lower(),
                "name_registered": name,
                "rules": "; ".join(found),
            },
        )
    return not found
