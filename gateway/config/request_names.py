"""The names under which one request is found again: in logs, in traces, in errors and in a header of its response."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from schema.documents.operation_names import OperationNames


@dataclass(slots=True)
class RequestNames(OperationNames):
    """Names of one request: registered or declared ones, and random numbers; never a value that was sent (D1)."""

    id: str = ""
    """32 hexadecimal digits."""
    client: str = ""
    """The id of the registered client, once its token was accepted."""
    trace: str = ""
    """The trace id of W3C Trace Context, 32 hexadecimal digits; empty where no traces are made."""

    def given(self) -> dict[str, str]:
        """The names that are known, for a log line."""
        found = {
            "request": self.id,
            "trace": self.trace,
            "client": self.client,
            "purpose": self.purpose,
            "operation": self.operation,
        }
        return {name: value for name, value in found.items() if value}


CURRENT: ContextVar[RequestNames | None] = ContextVar("request_names", default=None)
"""The names of the request that this task answers; None outside of requests."""


def current_id() -> str | None:
    """The id of the request that this task answers."""
    names = CURRENT.get()
    return None if names is None else names.id


def name_client(client_id: str) -> None:
    """Note the registered client of the request that this task answers."""
    names = CURRENT.get()
    if names is not None:
        names.client = client_id


def given_id(text: str) -> str | None:
    """An id that a proxy gave, as 32 hexadecimal digits; None unless it is a UUID (RFC 9562), with or without hyphens.

    Nothing else is taken: a free text could hold a value, and would stand in each log line.
    """
    try:
        return UUID(text).hex if len(text) in (32, 36) else None
    except ValueError:
        return None
