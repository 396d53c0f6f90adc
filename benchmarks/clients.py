"""The applications that ask while we measure, as rows of the gateway's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from benchmarks.sealing import LOADED
from policy.purposes import Purpose

AREA, BILLING = "bench-area", "bench-billing"
"""The customers' own, and one that invoices."""

MAX_PAGE = 500
PURPOSES = {AREA: Purpose.SELF_SERVICE, BILLING: Purpose.INVOICING}

COLUMNS = (
    "id", "name", "purposes", "scopes", "refusal", "documents_only", "introspection", "max_page", "created_at",
)  # fmt: skip
OAUTH_COLUMNS = (
    "client_id", "authentication", "grants", "redirect_uris", "platform", "first_party", "dpop", "pushed",
)  # fmt: skip


def rows() -> Iterator[tuple[str, Sequence[str], list[tuple[Any, ...]]]]:
    """Table, columns and rows of the clients."""
    clients = [
        (id_, id_, orjson.dumps([purpose.name]).decode(), "[]", "REFUSE", False, False, MAX_PAGE, LOADED)
        for id_, purpose in PURPOSES.items()
    ]
    yield "clients", COLUMNS, clients
    terms = ("NONE", '["authorization_code"]', "[]", "CLIENT_AREA", True, False, False)
    own = [(each, *terms) for each in (AREA,)]
    yield "oauth_clients", OAUTH_COLUMNS, own
