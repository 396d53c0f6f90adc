"""Reads GraphQL requests: the body within bounds of time and size, then each parameter (GraphQL over HTTP §5)."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive

from gateway.http import problems

MAX_QUERY_STRING = 16_384
MAX_NESTING = 64
"""Levels of nesting in variables and extensions; the schema's input types need fewer than a quarter of them."""

PARAMETERS = ("query", "documentId", "operationName", "variables", "extensions", "onError")


class Question(msgspec.Struct, frozen=True, rename="camel"):
    """The parameters of one GraphQL request; unknown ones are ignored, as the specification requires."""

    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None
    on_error: str | None = None

    @property
    def document(self) -> str | None:
        """The id of a trusted document, given as `documentId` or in the older form `extensions.persistedQuery`."""
        if self.document_id is not None or not self.extensions:
            return self.document_id
        persisted = self.extensions.get("persistedQuery")
        named = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        return f"sha256:{named}" if isinstance(named, str) else None


class ClientDisconnectedError(Exception):
    """The client closed the connection before the response."""


async def read_body(receive: Receive, declared: bytes | None, limit: int, seconds: int) -> bytes:
    """The whole body, of at most `limit` bytes, within `seconds`.

    Raises Problem 413 as soon as it is too long, Problem 408 on timeout, ClientDisconnectedError if it is cut off.
    """
    # Refused before a byte is read; without, or with a false, Content-Length the limit is checked as it arrives.
    if declared is not None and _length(declared) > limit:
        raise problems.too_large(limit)
    try:
        async with asyncio.timeout(seconds):  # One deadline for all of it: a drip of bytes does not renew it (G11).
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                body: bytes = message.get("body", b"")  # The usual case: one piece, which needs no joining.
                if len(body) > limit:
                    raise problems.too_large(limit)
                return body
            return await _read_pieces(message, receive, limit)
    except TimeoutError as error:
        raise problems.too_slow(seconds) from error


def _length(declared: bytes) -> int:
    """The value of a Content-Length header; 0 if it is not a number."""
    # Cut to 20 digits: parsing a longer number takes quadratic time, and 20 digits exceed every limit anyway.
    return int(declared[:20]) if declared.isdigit() else 0


async def _read_pieces(message: Any, receive: Receive, limit: int) -> bytes:
    # Joined once at the end: appending to bytes would copy all of it for every piece.
    pieces, length = [], 0
    while message["type"] == "http.request":
        pieces.append(message.get("body", b""))
        length += len(pieces[-1])
        if length > limit:
            raise problems.too_large(limit)
        if not message.get("more_body"):
            return b"".join(pieces)
        message = await receive()
    raise ClientDisconnectedError


_question = msgspec.json.Decoder(Question)
_map = msgspec.json.Decoder(dict[str, Any])


def question_of_body(body: bytes) -> Question:
    """The GraphQL request in a JSON body; Problem 400 or 422 if it is not one, whatever the bytes are (G1)."""
    try:
        try:
            question = _question.decode(body)
        except msgspec.ValidationError:
            # It is raised at the first value that does not fit: what follows may be no JSON at all.
            msgspec.json.decode(body)
            raise
    except msgspec.ValidationError as error:
        if body.lstrip()[:1] == b"[":
            message = "Send one operation per request: batches are not answered."
            raise problems.not_well_formed(message, "BATCHING_NOT_SUPPORTED") from error
        raise problems.not_well_formed(f"The body does not fit: {error}.", "INVALID_PARAMETER") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # RecursionError: deeply nested JSON.
        raise problems.malformed("The body is not JSON in UTF-8.", "INVALID_JSON") from error
    return _complete(question)


def question_of_address(query_string: bytes) -> Question:
    """The GraphQL request in a GET's query string; Problem 400 or 422 if there is none or a parameter comes
    twice, 414 if it is too long."""
    if len(query_string) > MAX_QUERY_STRING:
        raise problems.ProblemError(414, "ADDRESS_TOO_LONG", f"Use POST for more than {MAX_QUERY_STRING} bytes.")
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError as error:
        raise problems.malformed("The address is not percent-encoded UTF-8.", "INVALID_PARAMETER") from error
    given = [(name, value) for name, value in pairs if name in PARAMETERS]
    found = dict(given)
    # Refused: a proxy or a log might take the other one of the two for the request.
    if len(found) < len(given):
        raise problems.not_well_formed("A parameter is given twice.", "INVALID_PARAMETER")
    # An empty parameter counts as absent: forms and GraphiQL send them like that.
    present = {name: value for name, value in found.items() if value}
    return _complete(
        Question(
            query=present.get("query"),
            document_id=present.get("documentId"),
            operation_name=present.get("operationName"),
            variables=_decoded("variables", present),
            extensions=_decoded("extensions", present),
            on_error=present.get("onError"),
        )
    )


def _decoded(name: str, present: dict[str, str]) -> dict[str, Any] | None:
    if name not in present or present[name] == "null":
        return None
    try:
        return _map.decode(present[name])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise problems.not_well_formed(f"`{name}` is not a JSON object.", "INVALID_PARAMETER") from error


def _complete(question: Question) -> Question:
    for value in (question.variables, question.extensions):
        if value and _deeper(value, MAX_NESTING):
            raise problems.not_well_formed(
                f"A value is nested more than {MAX_NESTING} levels deep.", "INVALID_PARAMETER"
            )
    if question.query is None and question.document is None:
        raise problems.not_well_formed("There is no `query` and no `documentId`.", "QUERY_MISSING")
    return question


def _deeper(value: Any, levels: int) -> bool:
    """True if a JSON value is nested deeper than `levels`."""
    # Level by level instead of by recursion, whose limit differs between versions of Python.
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
