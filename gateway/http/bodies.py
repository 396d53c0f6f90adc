"""The question as it comes over HTTP: read with bounds, then checked parameter by parameter (GraphQL over HTTP §5)."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive

from gateway.http import problems

MAX_QUERY_STRING = 16_384
MAX_NESTING = 64
"""Levels of variables and extensions; no input type of a sensible schema needs a quarter of them."""

PARAMETERS = ("query", "documentId", "operationName", "variables", "extensions")


class Question(msgspec.Struct, frozen=True, rename="camel"):
    """The parameters of one request; unknown ones are ignored, as the specification asks."""

    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None

    @property
    def document(self) -> str | None:
        """The id of a trusted document, given as `documentId` or in the older form `extensions.persistedQuery`."""
        if self.document_id is not None or not self.extensions:
            return self.document_id
        persisted = self.extensions.get("persistedQuery")
        named = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        return f"sha256:{named}" if isinstance(named, str) else None


class ClientDisconnectedError(Exception):
    """Nobody waits for the answer any more."""


async def read_body(receive: Receive, declared: bytes | None, limit: int, seconds: int) -> bytes:
    """The whole body; Problem 413 as soon as it is too long, 408 when it takes too long, ClientDisconnectedError when
    cut off."""
    if declared is not None and _length(declared) > limit:
        raise problems.too_large(limit)
    try:
        async with asyncio.timeout(seconds):  # the first byte may never come either
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                body: bytes = message.get("body", b"")  # nearly always: it came in one piece
                if len(body) > limit:
                    raise problems.too_large(limit)
                return body
            return await _read_pieces(message, receive, limit)
    except TimeoutError as error:
        raise problems.too_slow(seconds) from error


def _length(declared: bytes) -> int:
    """What a Content-Length says; one with more digits than any length has is larger than all."""
    return int(declared[:20]) if declared.isdigit() else 0


async def _read_pieces(message: Any, receive: Receive, limit: int) -> bytes:
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
    """The question in a JSON body; Problem 400 when there is none, whatever the bytes are (G1)."""
    try:
        question = _question.decode(body)
    except msgspec.ValidationError as error:
        if body.lstrip()[:1] == b"[":
            message = "Send one operation per request: batches are not answered."
            raise problems.malformed(message, "BATCHING_NOT_SUPPORTED") from error
        raise problems.malformed(f"The body does not fit: {error}.", "INVALID_PARAMETER") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise problems.malformed("The body is not JSON in UTF-8.", "INVALID_JSON") from error
    return _complete(question)


def question_of_address(query_string: bytes) -> Question:
    """The question in the address of a GET; Problem 400 when there is none or a parameter comes twice."""
    if len(query_string) > MAX_QUERY_STRING:
        raise problems.ProblemError(414, "ADDRESS_TOO_LONG", f"Use POST for more than {MAX_QUERY_STRING} bytes.")
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError as error:
        raise problems.malformed("The address is not percent-encoded UTF-8.", "INVALID_PARAMETER") from error
    given = [(name, value) for name, value in pairs if name in PARAMETERS]
    found = dict(given)
    if len(found) < len(given):
        raise problems.malformed("A parameter is given twice.", "INVALID_PARAMETER")
    # An empty parameter is one that was left out: forms and GraphiQL send them so.
    present = {name: value for name, value in found.items() if value}
    return _complete(
        Question(
            query=present.get("query"),
            document_id=present.get("documentId"),
            operation_name=present.get("operationName"),
            variables=_decoded("variables", present),
            extensions=_decoded("extensions", present),
        )
    )


def _decoded(name: str, present: dict[str, str]) -> dict[str, Any] | None:
    if name not in present or present[name] == "null":
        return None
    try:
        return _map.decode(present[name])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise problems.malformed(f"`{name}` is not a JSON object.", "INVALID_PARAMETER") from error


def _complete(question: Question) -> Question:
    for value in (question.variables, question.extensions):
        if value and _deeper(value, MAX_NESTING):
            raise problems.malformed(f"A value is nested more than {MAX_NESTING} levels deep.", "INVALID_PARAMETER")
    if question.query is None and question.document is None:
        raise problems.malformed("There is no `query` and no `documentId`.", "QUERY_MISSING")
    return question


def _deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested deeper, found level by level: how deep Python may recurse differs by version."""
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
