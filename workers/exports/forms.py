"""What each form of an export has in common: it is written piece by piece, so that its size needs no memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workers.exports.contents import ExportedSection


@dataclass(frozen=True, slots=True)
class DocumentHeader:
    """What stands at the beginning of an export."""

    controller: str
    address: str
    customer: str
    """The customer's id in the API."""
    language: str
    made_at: datetime
    sections: Sequence[ExportedSection]
    transfers: Sequence[Mapping[str, str]] = ()
    """Recipients of this customer's data whose country is known, each with it."""


class Form(ABC):
    """One form of an export. Its methods are called in the order of the document, and give the text to add."""

    @abstractmethod
    def begin(self, head: DocumentHeader) -> str:
        """Everything before the first section."""

    @abstractmethod
    def open(self, section: ExportedSection) -> str:
        """The beginning of a section."""

    @abstractmethod
    def record(self, section: ExportedSection, record: Mapping[str, Any]) -> str:
        """One row of a section."""

    @abstractmethod
    def close(self, section: ExportedSection, count: int | None) -> str:
        """The end of a section, and how many rows it has; None where nobody can say."""

    @abstractmethod
    def end(self) -> str:
        """Everything after the last section."""
