"""Parses the parameters of OAuth requests: form-encoded, each at most once, printable, bounded (RFC 6749 §3)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import InvalidRequestError
from starlette.types import Receive, Scope

from gateway.http import problems
from gateway.http.bodies import read_body

MAX_BYTES = 16_384
MAX_FIELDS = 64
REPEATABLE = "resource"
"""The only parameter that may come more than once (RFC 8707 §2)."""
FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one request. An empty value counts as absent (RFC 6749 §3.1)."""

    values: dict[str, str]
    resources: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        """The value, or None."""
        return self.values.get(name)


def parse(text: bytes) -> Parameters:
    """The parameters of a body or query string; InvalidRequestError if it is malformed or ambiguous."""
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidRequestError("The parameters are not form-encoded UTF-8.") from None
    # Control characters could split headers or log lines further on.
    if any(not all(map(str.isprintable, pair)) for pair in pairs):
        raise InvalidRequestError("A parameter holds a character that is not printable.")
    resources = tuple(value for name, value in pairs if name == REPEATABLE)
    single = [(name, value) for name, value in pairs if name != REPEATABLE]
    values = dict(single)
    # RFC 6749 §3.1: never twice. Two parsers of one request might choose different ones.
    if len(values) < len(single):
        raise InvalidRequestError("A parameter is given twice.")
    return Parameters({name: value for name, value in values.items() if value}, resources)


async def read_form(scope: Scope, receive: Receive, seconds: int) -> Parameters:
    """The form of a POST; Problem 405, 408 or 413, ClientDisconnectedError or InvalidRequestError.

    The query string is ignored: secrets must not be in URLs (RFC 6749 §2.3.1).
    """
    if scope["method"] != "POST":
        raise problems.method_not_allowed(b"POST")
    headers = dict(scope["headers"])
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != FORM:
        raise InvalidRequestError("Send the parameters as application/x-www-form-urlencoded.")
    return parse(await read_body(receive, headers.get(b"content-length"), MAX_BYTES, seconds))
