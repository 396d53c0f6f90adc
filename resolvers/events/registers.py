"""What rests in a register is judged again when it is read to serve: by hand or by an older release, a row is a row."""

from __future__ import annotations

import logging
from functools import lru_cache

from policy.registered import Registered, offences

log = logging.getLogger("gateway")

REMEMBERED = 4_000
"""Judgements kept in memory: a row that has not changed is judged, and logged, once."""


@lru_cache(REMEMBERED)
def may_serve(name: str, entry: Registered) -> bool:
    """Whether a registration keeps the hard rules (D11); one that does not is logged, and serves nobody."""
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
