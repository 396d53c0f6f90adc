"""Counts which documents are used, for those who retire them."""

from __future__ import annotations

from typing import Protocol


class DocumentCounter(Protocol):
    """Counts the uses of documents by client."""

    def note(self, client_id: str, hash_: str, registered: bool) -> None:
        """Count one use in memory; the hash of an ad hoc document is that of its shape, which has no values."""


class NoDocumentCounter:
    """Counts nothing."""

    def note(self, client_id: str, hash_: str, registered: bool) -> None:
        """Ignore it."""
