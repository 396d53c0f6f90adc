"""Every place where foreign text comes in: one table, kept complete by its test (G12)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection

from audits.schema.sdl_reading import read_sdl
from audits.schema.sources import Text
from gateway.access.acting_persons import LONGEST as LONGEST_PERSON
from gateway.api.evaluations import LONGEST_ID
from gateway.api.graphql_http import _key, _uncompressed, _word
from gateway.http.bodies import question_of_address, question_of_body
from gateway.http.client_address import client_address
from gateway.http.credentials import presented
from gateway.http.hosts import Hosts
from gateway.http.multipart import fields_of_multipart, is_multipart
from gateway.http.negotiation import answer_media, is_json_in_utf8
from gateway.http.words import has_tag
from gateway.oauth.authentication import _basic
from gateway.oauth.parameters import parse
from gateway.oauth.scopes import narrowed
from gateway.run.traces import parent_of
from gateway.signin.frame.cookies import Cookies
from gateway.signin.frame.request_context import fields_of, local
from gateway.signin.pages.cookie_choices import Choice
from gateway.tokens.jwts import look
from gateway.tokens.tokens import _header
from messages.negotiation import chosen, preferred
from policy.purposes import Purpose
from resolvers.clients.registration import ClientKind, check_origin, check_redirect_uri, key_set
from resolvers.events.references import REFERENCES
from resolvers.imports.source import ImportSource
from resolvers.signins.devices import described, device_of
from schema.api.build import core_schema
from schema.core.errors import redacted
from schema.documents.documents import Documents
from schema.documents.limits import Limits
from tests.promises.entrances_sealed import SEALED
from tests.promises.entrances_values import VALUES
from tests.promises.foreign import HARD, Read, each_of

HEADER = tuple(text for text in HARD if text.isascii() and text.isprintable())
DOCUMENTS = Documents(core_schema(), Limits(characters=200_000, tokens=400_000))


def connection(name: str, value: str) -> HTTPConnection:
    """One with a header."""
    raw = [(name.encode(), value.encode("latin-1", "replace"))]
    return HTTPConnection({"type": "http", "headers": raw, "client": ("10.0.0.1", 1), "path": "/", "query_string": b""})


def of_address(name: str) -> Read:
    """The client's address by a header."""
    return lambda text: client_address(connection(name, text).scope, [ip_network("10.0.0.0/8")])


def of_host(text: str) -> object:
    """Whether the host is ours."""

    async def app(*_: Any) -> None: ...

    return asyncio.run(Hosts(app, ["data.example"])(connection("host", text).scope, app, app))  # type: ignore[arg-type]


def of_token(text: str) -> object:
    """The token of a request, as far as it is read before it is verified."""
    token, _ = presented({"headers": [], "method": "GET", "path": "/"}, {b"authorization": b"Bearer " + text.encode()})
    return _header(token)


def imported(name: str) -> Read:
    """The records of a file."""

    def read(text: str) -> object:
        path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / f"growth-{name}"
        path.write_bytes(text.encode())
        try:
            return list(ImportSource(path, "csv" if name == "csv" else "ndjson").records())
        finally:
            path.unlink()

    return read


def in_document(before: str, after: str) -> Read:
    """A document with the text at a place."""
    return lambda text: DOCUMENTS.read(before + text + after)


HEADERS: Mapping[str, Read] = {
    "accept": lambda text: answer_media(text.encode(), True),
    "accept-language": lambda text: (preferred(text), chosen(None, text)),
    "acting-person": lambda text: look(text, LONGEST_PERSON),
    "authorization": each_of(of_token, lambda text: _basic(f"Basic {text}")),
    "content-encoding": lambda text: _uncompressed({b"content-encoding": text.encode()}),
    "content-length": lambda text: text.encode().isdigit(),
    "content-type": lambda text: (is_json_in_utf8(text.encode()), is_multipart(text.encode())),
    "cookie": lambda text: Cookies(True).read(connection("cookie", f'__Host-device="{text}"; {text}'), "__Host-form"),
    "dpop": lambda text: look(text, 4_096),
    "forwarded": of_address("forwarded"),
    "host": of_host,
    "if-none-match": lambda text: has_tag(text, '"0"'),
    "idempotency-key": lambda text: _key({b"idempotency-key": text.encode()}),
    "origin": lambda text: check_origin(text),
    "purpose": lambda text: _word({b"purpose": text.encode()}, b"purpose", 64),
    "purpose-reference": lambda text: REFERENCES.fits(Purpose.EMERGENCY_CONTACT, f"INC-{text}"),
    "sec-fetch-site": lambda text: text != "same-origin",
    "sec-gpc": lambda text: connection("sec-gpc", text).headers.getlist("sec-gpc") == ["1"],
    "transfer-encoding": lambda text: text == "chunked",
    "traceparent": lambda text: parent_of([text.encode()]),
    "user-agent": device_of,
    "webhook-id": lambda text: f"{text}.",
    "webhook-signature": lambda text: text == "v1,",
    "webhook-timestamp": lambda text: f"{text}.",
    "x-request-id": lambda text: len(text) <= LONGEST_ID and text.isprintable(),
    "x-forwarded-for": of_address("x-forwarded-for"),
}
"""Every header that is read, by its name."""

BOUNDARY = b"multipart/form-data; boundary=b"
PART = 'Content-Disposition: form-data; name="x"'

TEXTS: Mapping[str, Read] = {
    "a document": DOCUMENTS.read,
    "a document: a string where a number is wanted": in_document('{customers(first:"', '"){nodes{id}}}'),
    "a document: a block string": in_document('{customers(first:"""', '"""){nodes{id}}}'),
    "a document: a comment": in_document("#", "\n{grant{client}}"),
    "a document: an argument": in_document("{customers(first:1 ", "){nodes{id}}}"),
    "a document: a name": in_document("{grant{client ", "}}"),
    "a message": lambda text: (redacted(f"found {text}", False, set()), redacted(text, False, set())),
    "a JSON body": lambda text: question_of_body(text.encode()),
    "a JSON body: a query": lambda text: question_of_body(b'{"query":"' + text.encode() + b'"}'),
    "an address": lambda text: question_of_address(b"query=" + text.encode()),
    "a form": lambda text: fields_of(text.encode()),
    "a form of OAuth": lambda text: parse(text.encode()),
    "a multipart form": lambda text: fields_of_multipart(BOUNDARY, text.encode()),
    "a multipart form: content": lambda text: fields_of_multipart(BOUNDARY, f"--b\r\n{PART}\r\n\r\n{text}".encode()),
    "a multipart form: a header": lambda text: fields_of_multipart(BOUNDARY, f"--b\r\n{PART}{text}".encode()),
    "a multipart form: its type": lambda text: fields_of_multipart(BOUNDARY + text.encode(), b"--b\r\n"),
    "a scope": lambda text: narrowed(text, frozenset({"purpose:invoicing"})),
    "where to go on": lambda text: local("/" + text),
    "a choice of cookies": Choice.read,
    "a device that a platform reports": described,
    "a redirect URI": each_of(
        lambda text: check_redirect_uri(f"com.example.app:/{text}", ClientKind.APP),
        lambda text: check_redirect_uri(f"https://{text}.example/", ClientKind.APP),
    ),
    "a key set": lambda text: key_set(text.encode()),
    "a CSV file": imported("csv"),
    "a file of JSON lines": imported("json"),
    "a schema": lambda text: read_sdl(Text("x.graphql", text)),  # type: ignore[call-arg]
    **VALUES,
    **SEALED,
}
"""Everything else that comes from outside, in words."""
