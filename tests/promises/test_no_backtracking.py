"""No pattern and no parser backtracks on foreign text: twice the input, at most 2.5 times the time (G12)."""

from __future__ import annotations

import ast
import re
from functools import partial

import pytest

from resolvers.catalogues import LANGUAGES, _read
from tests.promises.entrances import HARD, HEADER, HEADERS, TEXTS, reading
from tests.promises.growth import LARGE, QUICK, fault, seconds_of
from tests.promises.patterns import Used, all_used, modules, texts_against

PATTERNS = [
    *all_used(),
    *(
        Used(f"resolvers.catalogues:{language}", pattern, frozenset({"fullmatch"}))
        for language in LANGUAGES
        for pattern, _ in _read(language).patterns
    ),
]
SUBSTITUTED = {"sub": ("",), "subn": ("",)}


def test_the_patterns_of_the_product_are_found() -> None:
    places = {each.place.partition(":")[0] for each in PATTERNS}
    assert len(PATTERNS) >= 40
    assert {"schema.errors._QUOTED", "policy.decision.REFERENCE", "gateway.oauth.registration.PRIVATE_SCHEME"} <= places


@pytest.mark.parametrize("used", PATTERNS, ids=lambda used: used.place)
def test_no_pattern_backtracks_on_what_it_is_made_for(used: Used) -> None:
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
    answers = {"content-security-policy"}  # looked at in our own responses
    words = {each for each in read if each.islower() and each not in answers}
    assert words - set(HEADERS) == set()
    assert {"authorization", "cookie", "accept", "purpose", "idempotency-key"} <= words


def _named(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
        return {node.value if isinstance(node.value, str) else node.value.decode()}
    return set()


READERS = {
    "b64decode",
    "parse",
    "parse_options_header",
    "parse_qsl",
    "reader",
    "unquote",
    "unquote_plus",
    "urlsafe_b64decode",
}
"""What reads a foreign format; whoever calls one is in the table."""
READING = {
    "audits.documents": "a document",
    "audits.sdl_reading": "a schema",
    "gateway.bodies": "an address",
    "gateway.exports": "an address",
    "gateway.multipart": "a multipart form",
    "gateway.oauth.authentication": "authorization",
    "gateway.oauth.authorize": "a form of OAuth",
    "gateway.oauth.consent": "a form of consent",
    "gateway.oauth.jwts": "dpop",
    "gateway.oauth.parameters": "a form of OAuth",
    "gateway.oauth.refresh_tokens": "a refresh token",
    "gateway.signin.visit": "a form",
    "gateway.tokens": "authorization",
    "gateway.transparency": "an address",
    "resolvers.import_source": "a CSV file",
    "resolvers.texts": "a telephone number",
    "schema.documents": "a document",
    "store.notes": "a signed note",
    "store.receipts": "a link",
    "store.registrant_links": "a link",
}
OURS = {"store.rootkey", "gateway.settings"}
"""They read the operator's own files and settings."""


def test_every_reader_of_a_foreign_format_stands_in_the_table() -> None:
    found = set()
    for name, _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func).rpartition(".")
                ours = called[0] and called[0].rpartition(".")[2] not in ("csv", "phonenumbers", "")
                if called[2] in READERS and not ours:
                    found.add(name)
    assert found - OURS == set(READING), found ^ set(READING)
    assert set(READING.values()) <= {*HEADERS, *TEXTS}


NORMALISING = {
    "gateway.demo.names": "the demo's own words", "resolvers.email_addresses": "after its length",
    "resolvers.import_values": "after its length", "resolvers.passwords": "after its length",
    "resolvers.texts": "after its length", "store.blindindex": "after its length",
}  # fmt: skip


def test_nothing_else_normalises_text() -> None:
    """`unicodedata.normalize` takes the square of a run of combining marks: what is long is refused before."""
    found = {
        name
        for name, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "unicodedata.normalize"
    }
    assert found == set(NORMALISING)
