"""No pattern and no parser backtracks on foreign text: twice the input, at most 2.5 times the time (G12)."""

from __future__ import annotations

import ast
import re
from functools import cache, partial

import pytest

from policy.references import LONGEST as LONGEST_REFERENCE
from policy.references import Pattern
from tests.promises.entrances import HEADER, HEADERS, TEXTS
from tests.promises.foreign import HARD, reading
from tests.promises.growth import LARGE, QUICK, fault, seconds_of
from tests.promises.patterns import Used, all_used, modules, texts_against
from tests.tables import hold_for_all
from values.address_data import customs_of
from values.country import COUNTRIES
from values.postal_code import LONGEST as LONGEST_POSTAL_CODE
from values.regions import regions_of

REFERENCES = (
    "[A-Z0-9]{1,20}[A-Z]{0,20}[0-9]{1,20}",
    "[A-Z]{1,30}[A-Z-]{1,30}[0-9]{1,4}",
    "T{0,60}T",
    "[A-Za-z]{1,16}-[0-9]{1,7}",
)
"""Patterns of references whose parts overlap, as an operator might write them."""
FULL = frozenset({"fullmatch"})
SUBSTITUTED = {"sub": ("",), "subn": ("",)}


@cache
def patterns() -> list[Used]:
    """All of them: looked for when the tests run, since the whole product is imported and read for it."""
    return [
        *all_used(),
        *(Used(f"policy.references:{text}", Pattern.parse(text).compiled, FULL) for text in REFERENCES),
    ]


def test_the_patterns_of_the_product_are_found() -> None:
    places = {each.place.partition(":")[0] for each in patterns()}
    assert len(patterns()) >= 40
    assert "policy.orders.REFERENCE" in places and "store.crypto.global_ids.FORM" in places
    assert {"schema.core.errors._QUOTED", "resolvers.clients.registration.PRIVATE_SCHEME"} <= places
    assert any(each.endswith("REFERENCES") for each in places), "also inside dataclasses"


def test_no_pattern_backtracks_on_what_it_is_made_for() -> None:
    hold_for_all(_does_not_backtrack, ((used,) for used in patterns()))


def _does_not_backtrack(used: Used) -> None:
    for make in texts_against(used.pattern):
        for method in sorted(used.methods):
            call = getattr(used.pattern, method)

            def work(size: int, make=make, call=call, method=method):  # type: ignore[no-untyped-def]
                text = make(size)
                extra = (b"" if isinstance(text, bytes) else "",) if method in SUBSTITUTED else ()
                return (lambda: list(call(text))) if method == "finditer" else (lambda: call(*extra, text))

            # Most texts are read at once; only what is not is looked at closely. The square of 16,384 takes a second.
            if seconds_of(work(LARGE // 4)) < QUICK:
                continue
            assert (why := fault(work)) is None, f"{used.place}.{method} on {make(20)!r}: {why}"


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r",?\s*Did you mean .*?\?", "search"),
        (r'name="?x"?[^\n]*\r?\n\r?\nOne-Click', "search"),
        (r"(a+)+b", "match"),
        (r"(\w|-)*(\w|\.)*!", "match"),
    ],
)
def test_what_was_wrong_before_would_be_found(pattern: str, method: str) -> None:
    """The texts are hostile enough: two patterns that this product had, and two from the textbooks."""
    compiled = re.compile(pattern, re.DOTALL)
    call = getattr(compiled, method)
    for make in texts_against(compiled):
        if fault(lambda size, make=make: partial(call, make(size))) is not None:  # type: ignore[misc]
            return
    pytest.fail("nothing showed it")


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_takes_more_than_its_length(name: str) -> None:
    for pump in HEADER:
        assert (why := fault(reading(HEADERS[name], pump))) is None, f"{name} of {pump!r}: {why}"


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_takes_more_than_its_length(name: str) -> None:
    for pump in HARD:
        assert (why := fault(reading(TEXTS[name], pump))) is None, f"{name} of {pump!r}: {why}"


def test_every_header_that_is_read_stands_in_the_table() -> None:
    """`headers.get(b"...")`, `headers["..."]`, `getlist("...")` and `name == b"..."`, anywhere in the front door."""
    read: set[str] = set()
    for name, _, tree in modules():
        if not name.startswith("gateway."):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                if node.func.attr in ("get", "getlist") and ast.unparse(node.func.value).endswith("headers"):
                    read |= _named(node.args[0])
            elif isinstance(node, ast.Compare) and ast.unparse(node.left) == "name":
                raw = (
                    each for each in node.comparators if isinstance(each, ast.Constant) and type(each.value) is bytes
                )
                read |= {word for each in raw for word in _named(each)}
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "_word" and len(node.args) > 1:
                read |= _named(node.args[1])
    # Looked at in responses: our own, and those of the server that `clients check` asks.
    answers = {"content-security-policy", "access-control-allow-origin", "location"}
    words = {each for each in read if each.islower() and each not in answers}
    assert words - set(HEADERS) == set()
    assert {"authorization", "cookie", "accept", "purpose", "idempotency-key"} <= words


def _named(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
        return {node.value if isinstance(node.value, str) else node.value.decode()}
    return set()


READERS = {
    *("a2b_base64", "b64decode", "urlsafe_b64decode", "base64url_to_bytes"),
    *("urlsplit", "urlparse", "parse_qs", "parse_qsl", "unquote", "unquote_plus"),
    *("parse", "parse_options_header", "reader", "fromisoformat", "load_pem_public_key"),
    *("alabel", "ulabel", "uts46_remap", "check_bidi", "valid_contextj", "idna.encode", "idna.decode"),
    *("json.loads", "tomllib.loads"),
}
"""What reads a foreign format; whoever calls one is in a table below. (orjson is left out: most of what it reads is
ours, it takes its length, and is bounded in depth.)"""
READING = {
    "audits.schema.documents": "a document",
    "audits.compatibility.shape": "a schema",
    "audits.reports.documents": "a document",
    "audits.schema.sdl_reading": "a schema",
    "gateway.http.bodies": "an address",
    "gateway.api.exports": "an address",
    "gateway.http.hosts": "host",
    "gateway.http.multipart": "a multipart form",
    "gateway.oauth.authentication": "authorization",
    "gateway.oauth.endpoints.authorize": "a form of OAuth",
    "gateway.oauth.endpoints.consent": "a form of consent",
    "gateway.access.dpop": "an address of the web",
    "gateway.tokens.jwts": "dpop",
    "gateway.oauth.parameters": "a form of OAuth",
    "gateway.oauth.endpoints.pushed": "a pushed request",
    "resolvers.oauth.refresh_tokens": "a refresh token",
    "resolvers.clients.registration": "a redirect URI",
    "gateway.signin.frame.request_context": "a form",
    "resolvers.registers.ssh_keys": "a public key",
    "resolvers.registers.ssh_signatures": "an SSH signature",
    "gateway.tokens.tokens": "authorization",
    "gateway.api.transparency": "an address",
    "policy.transport": "an address of the web",
    "resolvers.imports.source": "a CSV file",
    "resolvers.factors.passkeys": "a passkey",
    "resolvers.events.references": "a reference",
    "schema.documents.documents": "a document",
    "store.crypto.cursors": "a cursor",
    "store.merkle.signed_note": "a signed note",
    "store.links.receipts": "a link",
    "store.links.registrant_links": "a link",
    "values.date_time": "a moment",
    "values.domain_name": "a domain",
    "values.hosts": "an address of the web",
    "values.lines": "a line",
    "values.telephone": "a telephone number",
}
OURS = {
    "audits.breach.incident": "the operator's file",
    "gateway.addresses.well_known": "a setting",
    "gateway.commands.clients.checks": "what was registered, and the operator's own server",
    "gateway.config.registrar": "the operator's file",
    "gateway.config.security_contact": "a setting",
    "store.accesses.staff_pseudonyms": "a pseudonym that we made",
    "store.merkle.postings": "a pseudonym that we made",
    "schema.model.federation": "our own schema",
    "audits.papers.controller": "the operator's file",
    "resolvers.imports.columns": "the operator's file",
    "audits.papers.diff": "what a released paper was made from",
    "audits.schema.signoffs": "the operator's file",
    "audits.papers.texts": "words that ship",
    "schema.contracts.printing": "our own schema",
    "schema.api.tools": "what was published, and judged before",
    "schema.documents.manifests": "the operator's file",
    "schema.model.storage": "our own schema",
    "store.sql.addresses": "a setting",
    "gateway.access.discovery": "a setting",
    "gateway.oauth.endpoints.pages": "a redirect URI as it was registered",
    "gateway.config.settings": "settings",
    "gateway.run.dependencies": "a setting",
    "gateway.commands.doctor.reached": "a setting",
    "gateway.http.words": "words that ship",
    "resolvers.commands.dependencies": "a setting",
    "resolvers.commands.idempotency": "an answer that we sealed",
    "resolvers.exports.downloads": "a ticket that we sealed",
    "store.sql.metadata": "a moment that we wrote",
    "store.crypto.root_key": "the operator's file",
    "store.queue.hyperloglog": "a sum that we keep",
}
"""What they read is our own or the operator's, and why."""


def test_every_pattern_that_is_made_at_run_time_is_tried() -> None:
    """Those of modules are found by walking; those that a function makes are named here, and tried above."""
    made = {
        name
        for name, _, tree in modules()
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
    }
    assert made == {"policy.references", "values.address_data", "values.regions"}


def test_every_reader_of_a_foreign_format_stands_in_the_table() -> None:
    found = set()
    for name, _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                of, _, called = ast.unparse(node.func).rpartition(".")
                ours = of and of not in ("csv", "phonenumbers", "idna", "datetime", "binascii", "base64")
                if (called in READERS and not ours) or f"{of}.{called}" in READERS:
                    found.add(name)
    assert not set(OURS) & set(READING)
    assert found == {*OURS, *READING}, found ^ {*OURS, *READING}
    assert set(READING.values()) <= {*HEADERS, *TEXTS}


NORMALISING = {
    "gateway.demo.names": "the demo's own words",
    "resolvers.passwords.text": "a new password",
    "store.crypto.blind_index": "a look-up",
    "values.lines": "a line",
    "values.mailbox": "an e-mail address",
    "values.regions": "a region",
}
"""Who normalises, and the text of the table by which it is measured; nothing foreign is normalised unmeasured."""


def test_nothing_else_normalises_text() -> None:
    """`unicodedata.normalize` takes the square of a run of combining marks: what is long is refused before."""
    found = {
        name
        for name, _, tree in modules()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr == "normalize")
        or (isinstance(node, ast.ImportFrom) and any(each.name == "normalize" for each in node.names))
    }
    assert found == set(NORMALISING), found ^ set(NORMALISING)
    assert set(NORMALISING.values()) <= {"the demo's own words", *TEXTS}


def test_the_patterns_of_postal_codes_are_quick_at_their_length() -> None:
    """They are a library's, one a country and region; longer texts are refused before."""
    rules = [(country, customs_of(country).postal_code) for country in sorted(COUNTRIES)]
    regions = [(country, each.codes) for country in sorted(COUNTRIES) for each in regions_of(country)]

    def check(_place: str, pattern: re.Pattern[str]) -> None:
        for make in texts_against(pattern):
            assert seconds_of(partial(pattern.fullmatch, make(LONGEST_POSTAL_CODE))) < QUICK

    hold_for_all(check, ((country, each) for country, each in (*rules, *regions) if each is not None))


@pytest.mark.parametrize("text", REFERENCES)
def test_the_pattern_of_a_reference_gives_nothing_back(text: str) -> None:
    """Even at the length at which references are refused unseen, none of the parts that overlap is tried twice."""
    compiled = Pattern.parse(text).compiled
    assert "}+" in compiled.pattern and LONGEST_REFERENCE == 64
    for make in texts_against(compiled):
        assert seconds_of(partial(compiled.fullmatch, make(LONGEST_REFERENCE))) < QUICK
