"""Every place where foreign text comes in, with texts that are hard to read: one table, kept complete by its test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from authlib.oauth2 import OAuth2Error
from starlette.requests import HTTPConnection

from audits.sdl_reading import read_sdl
from audits.sources import Text
from gateway.bodies import question_of_address, question_of_body
from gateway.client_address import client_address
from gateway.credentials import presented
from gateway.graphql_http import _key, _uncompressed, _word
from gateway.hosts import Hosts
from gateway.multipart import fields_of_multipart, is_multipart
from gateway.negotiation import answer_media, is_json_in_utf8
from gateway.oauth import refresh_tokens
from gateway.oauth.authentication import _basic
from gateway.oauth.jwts import BadJwt, look
from gateway.oauth.parameters import parse
from gateway.oauth.registration import Kind, RegistrationRefused, check_redirect_uri, key_set
from gateway.oauth.scopes import narrowed
from gateway.problems import Problem
from gateway.signin.choosing import Choice
from gateway.signin.cookies import Cookies
from gateway.signin.visit import fields_of, local
from gateway.signin.words import chosen
from gateway.tokens import TokenError, _header
from policy.purposes import Purpose
from resolvers import import_values
from resolvers.catalogues import preferred
from resolvers.import_source import ImportRefused, Source
from resolvers.passwords_text import normal as normal_password
from resolvers.references import REFERENCES
from resolvers.signins_devices import device_of, told
from resolvers.texts import Texts
from schema.build import core_schema
from schema.documents import Documents
from schema.errors import redacted
from schema.limits import Limits
from store.blindindex import Lookup, blind_index
from store.notes import NoteInvalid, open_note
from store.receipts import number_of
from store.registrant_links import RegistrantLink
from values import domain_name, mailbox
from values.hosts import host_to_ascii

Read = Callable[[Any], object]
EXPECTED = (Problem, TokenError, OAuth2Error, BadJwt, ValueError, ImportRefused, NoteInvalid, RegistrationRefused)
MARKS = "\u0301\u0316"
"""Two combining marks in the wrong order: putting a run of them in order takes the square of its length."""
HARD = (
    *(" ", "\t", "\r\n", "a", "0", "a.", "a=b;", "é", MARKS),
    *('"', "'", '\\"', "\\", ",", ";", "=", "&", "%", "%41", ".", "-", "/", "[", "{", "("),
)
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
            return list(Source(path, "csv" if name == "csv" else "ndjson").records())
        finally:
            path.unlink()

    return read


def in_document(before: str, after: str) -> Read:
    """A document with the text at a place."""
    return lambda text: DOCUMENTS._read(before + text + after)


def line_of(text: str) -> object:
    """A line of a mutation's input."""
    return Texts({"x": text}, ("input",)).line("x")


HEADERS: Mapping[str, Read] = {
    "accept": lambda text: answer_media(text.encode(), True),
    "accept-language": lambda text: (preferred(text), chosen(None, text)),
    "authorization": lambda text: (of_token(text), _basic(f"Basic {text}")),
    "content-encoding": lambda text: _uncompressed({b"content-encoding": text.encode()}),
    "content-length": lambda text: text.encode().isdigit(),
    "content-type": lambda text: (is_json_in_utf8(text.encode()), is_multipart(text.encode())),
    "cookie": lambda text: Cookies(True).read(connection("cookie", f'__Host-device="{text}"; {text}'), "__Host-form"),
    "dpop": lambda text: look(text, 4_096),
    "forwarded": of_address("forwarded"),
    "host": of_host,
    "idempotency-key": lambda text: _key({b"idempotency-key": text.encode()}),
    "purpose": lambda text: _word({b"purpose": text.encode()}, b"purpose", 64),
    "purpose-reference": lambda text: REFERENCES.fits(Purpose.EMERGENCY_CONTACT, f"INC-{text}"),
    "sec-fetch-site": lambda text: text != "same-origin",
    "sec-gpc": lambda text: connection("sec-gpc", text).headers.getlist("sec-gpc") == ["1"],
    "transfer-encoding": lambda text: text == "chunked",
    "user-agent": device_of,
    "webhook-id": lambda text: f"{text}.",
    "webhook-signature": lambda text: text == "v1,",
    "webhook-timestamp": lambda text: f"{text}.",
    "x-forwarded-for": of_address("x-forwarded-for"),
}
"""Every header that is read, by its name."""

BOUNDARY = b"multipart/form-data; boundary=b"
PART = 'Content-Disposition: form-data; name="x"'

TEXTS: Mapping[str, Read] = {
    "a document": lambda text: DOCUMENTS._read(text),
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
    "a link": lambda text: (number_of(b"k", text), RegistrantLink.read(text)),
    "a refresh token": lambda text: refresh_tokens.read(refresh_tokens.PREFIX + text),
    "a form of consent": lambda text: text.partition("."),
    "a scope": lambda text: narrowed(text, frozenset({"purpose:invoicing"})),
    "where to go on": lambda text: local("/" + text),
    "a choice of cookies": Choice.read,
    "a device that a platform reports": told,
    "a redirect URI": lambda text: check_redirect_uri(f"com.example.app:/{text}", Kind.APP),
    "a key set": lambda text: key_set(text.encode()),
    "a domain": domain_name.lookup_form,
    "an e-mail address": lambda text: (
        mailbox.lookup_form(f"a@{text}.example"),
        mailbox.lookup_form(f"{text}@a.example"),
    ),
    "a line": lambda text: Texts({"x": text}).line("x"),
    "a host": host_to_ascii,
    "a telephone number": lambda text: import_values.phone(f"+41{text}"),
    "a language": import_values.language,
    "a customer number": import_values.number,
    "a line of an input": line_of,
    "a password": normal_password,
    "a look-up": lambda text: [blind_index(b"k" * 32, each, text) for each in Lookup],
    "a CSV file": imported("csv"),
    "a file of JSON lines": imported("json"),
    "a schema": lambda text: read_sdl(Text("x.graphql", text)),  # type: ignore[call-arg]
    "a signed note": lambda text: open_note(f"{text}\n\n— {text}", []),
}
"""Everything else that comes from outside, in words."""


def reading(read: Read, pump: str) -> Callable[[int], Callable[[], object]]:
    """The work of reading a text of some size that consists of repetitions; refusals are results."""

    def work(size: int) -> Callable[[], object]:
        text = pump * (size // len(pump))

        def run() -> None:
            with suppress(*EXPECTED):
                read(text)

        return run

    return work
