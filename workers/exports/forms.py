"""The interface of the forms of an export, which are written in pieces, so that memory does not grow with the size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workers.exports.contents import ExportedSection


@dataclass(frozen=True, slots=True)
class DocumentHeader:
    """The header of an export."""

    controller: str
    address: str
    customer: str
    """The customer's id in the API."""
    language: str
    made_at: datetime
    sections: Sequence[ExportedSection]
    transfers: Sequence[Mapping[str, str]] = ()
    """Recipients of this customer's data, with their country."""


class Form(ABC):
    """One form of an export. Its methods are called in the order of the document, and return the text to append."""

    @abstractmethod
    def begin(self, head: DocumentHeader) -> str:
        """Return everything before the first section."""

    @abstractmethod
    def open(self, section: ExportedSection) -> str:
        """Return the beginning of a section."""

    @abstractmethod
    def record(self, section: ExportedSection, record: Mapping[str, Any]) -> str:
        """Return one row of a section."""

    @abstractmethod
    def close(self, section: ExportedSection, count: int | None) -> str:
        """Return the end of a section, with its number of rows; None: unknown."""

    @abstractmethod
    def end(self) -> str:
        """Return everything after the last section."""
