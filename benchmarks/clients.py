"""The applications that ask while we measure, as rows of the gateway's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import orjson

from benchmarks.sealing import LOADED
from policy.purposes import Purpose

AREA, BILLING, TRUSTED = "bench-area", "bench-billing", "bench-trusted"
"""The customers' own, one that invoices, and the customers' own again with registered documents only."""

MAX_PAGE = 500
PURPOSES = {AREA: Purpose.SELF_SERVICE, BILLING: Purpose.INVOICING, TRUSTED: Purpose.SELF_SERVICE}

COLUMNS = (
    "id", "name", "purposes", "scopes", "refusal", "documents_only", "introspection", "max_page", "created_at",
)  # fmt: skip
OAUTH_COLUMNS = (
    "client_id", "authentication", "grants", "redirect_uris", "platform", "first_party", "dpop", "pushed",
)  # fmt: skip
DOCUMENT_COLUMNS = ("client_id", "hash", "text", "registered_at")


def rows(texts: Sequence[str]) -> Iterator[tuple[str, Sequence[str], list[tuple[Any, ...]]]]:
    """Table, columns and rows of the clients, and of the documents that one of them is registered with."""
    clients = [
        (id_, id_, orjson.dumps([purpose.name]).decode(), "[]", "REFUSE", id_ == TRUSTED, False, MAX_PAGE, LOADED)
        for id_, purpose in PURPOSES.items()
    ]
    yield "clients", COLUMNS, clients
    terms = ("NONE", '["authorization_code"]', "[]", "CLIENT_AREA", True, False, False)
    own = [(each, *terms) for each in (AREA, TRUSTED)]
    yield "oauth_clients", OAUTH_COLUMNS, own
    documents = [(TRUSTED, sha256(text.encode()).hexdigest(), text, LOADED) for text in texts]
    yield "documents", DOCUMENT_COLUMNS, documents
