"""What reaches the API, and what leaves it: no word of HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson

from schema.core.errors import ResponseError


class RequestOutcome(Enum):
    """How a request ended."""

    OK = "OK"
    """Executed: there is data, with or without errors of single fields."""
    REQUEST_ERROR = "REQUEST_ERROR"
    """Not executed, for a reason that the caller can mend."""
    REFUSED = "REFUSED"
    """Not executed, since the grant does not allow it."""
    STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
    """Not executed: it is sensitive, and the customer signed in too long ago."""
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    """A mutation came the way that only reads may come."""
    THROTTLED = "THROTTLED"
    """The client has spent its budget for now."""
    UNAVAILABLE = "UNAVAILABLE"
    """The store cannot answer now; nothing was half done."""
    INTERNAL = "INTERNAL"
    """A defect of ours."""


@dataclass(frozen=True, slots=True)
class Request:
    """One operation as it was sent."""

    query: str | None = None
    document_id: str | None = None
    """`sha256:` and 64 hexadecimal digits, or the digits alone."""
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    extensions: Mapping[str, Any] | None = None
    """`dryRun: true` asks what would be refused, without reading anything; `cost: true` asks for the estimate."""
    purpose: str | None = None
    reference: str | None = None
    read_only: bool = False
    in_url: bool = False
    """It came in an address, so no personal data may be in it."""
    language: str = "en"
    """In which messages for people are written, as far as there is a catalogue."""
    idempotency_key: str | None = None
    """Marks its changes, so that sending it again changes nothing twice."""


@dataclass(frozen=True, slots=True)
class Denial:
    """What was asked for and may not be had (G17): names of the schema and the policy, never a value or a person."""

    purpose: str
    """The purpose that was asked; the empty text where none was."""
    coordinate: str
    """The schema coordinate; the empty text where the whole operation was refused."""
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer, encoded."""

    kind: RequestOutcome
    body: bytes
    personal: bool = False
    """It carries personal data: nobody may keep it."""
    retry_after: int = 0
    """Seconds, when THROTTLED or UNAVAILABLE."""
    denials: tuple[Denial, ...] = ()
    """What was refused, or withheld from the answer: for the record, and no part of it."""


def failed(
    kind: RequestOutcome, problems: Sequence[ResponseError], retry_after: int = 0, asked: str | None = None
) -> Outcome:
    """An answer without data; `asked` is the purpose that a refused operation stated."""
    body = orjson.dumps({"errors": [each.formatted() for each in problems]})
    denials = denials_of(problems, asked) if kind is RequestOutcome.REFUSED else ()
    return Outcome(kind, body, retry_after=retry_after, denials=denials)


def denials_of(problems: Sequence[ResponseError], asked: str | None = None) -> tuple[Denial, ...]:
    """What these refusals were about, each once."""
    found = (
        Denial(
            each.details.get("purpose") or asked or "",
            each.details.get("coordinate", ""),
            each.details.get("reason", each.code.value),
        )
        for each in problems
    )
    return tuple(dict.fromkeys(found))
