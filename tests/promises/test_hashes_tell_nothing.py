"""(D10) What the ledger keeps of a document is the same whatever a caller wrote into it, so nothing can be guessed."""

from __future__ import annotations

from hashlib import sha256

import pytest
from graphql import parse

from policy.purposes import Purpose
from schema.documents.shapes import shape_hash
from tests.promises.gate import Gate, grant

pytestmark = pytest.mark.anyio

SUPPORT = grant(Purpose.SERVICE_COMMUNICATION, client="helpdesk")

SAME = [
    ('{ customers(first: 1) { nodes { id } } }', '{ customers(first: 25) { nodes { id } } }'),
    ('{ f(a: "ada@example.com") }', '{ f(a: "bob@example.com") }'),
    ('{ f(a: "ada@example.com") }', '{ f(a: """ada@example.com""") }'),
    ("{ f(a: 49301234567) }", "{ f(a: -1.5e3) }"),
    ('{ f(a: ["a", "b"]) }', '{ f(a: ["c"]) }'),
    ('{ f(a: {b: "x", c: [1, 2]}) }', '{ f(a: {b: "y", c: [3]}) }'),
    ('query($a: String = "ada") { f(a: $a) }', 'query($b: String = "bob") { f(a: $b) }'),
    ("{ ada: f }", "{ f }"),
    ("query Ada { f }", "query Bob { f }"),
    ("{ ...Ada } fragment Ada on T { f }", "{ ...Bob } fragment Bob on T { f }"),
    ("{ f } # ada@example.com", "{\n  f\n}"),
    ('{ f @d(reason: "ada") }', '{ f @d(reason: "bob") }'),
    ("{ f(a: ADA) }", "{ f(a: BOB) }"),
]  # fmt: skip

OTHER = [
    ("{ f }", "{ g }"),
    ("{ f { g } h }", "{ f { g h } }"),
    ("{ f(a: 1) }", "{ f(b: 1) }"),
    ("{ f(a: 1) }", "{ f(a: {b: 1}) }"),
    ("query { f }", "mutation { f }"),
    ("{ f }", "{ f @include(if: true) }"),
    ("{ f @include(if: false) }", "{ f @include(if: true) }"),
    ("query($a: String) { f(a: $a) }", "query($a: ID) { f(a: $a) }"),
    ("{ ... on T { f } }", "{ ... on U { f } }"),
    ("{ ...A ...B } fragment A on T { f } fragment B on T { g }",
     "{ ...A ...A } fragment A on T { f } fragment B on T { g }"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_a_caller_wrote_makes_no_difference(one: str, other: str) -> None:
    """(D10)"""
    assert shape_hash(parse(one)) == shape_hash(parse(other))


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_is_asked_for_makes_one(one: str, other: str) -> None:
    assert shape_hash(parse(one)) != shape_hash(parse(other))


async def test_an_address_cannot_be_confirmed_by_the_ledger(gate: Gate) -> None:
    """(D10) Two callers ask for two customers by e-mail address: their entries say the same."""
    texts = [f'{{ customer(email: "{name}@example.com") {{ id }} }}' for name in ("ada", "bob")]
    texts.append(f'{{ customer(by: {{id: "{gate.id(1)}"}}) {{ id }} }}')
    before = len(await gate.entries())
    for text in texts:
        await gate.ask(text, SUPPORT)
    entries = (await gate.entries())[before:]
    guesses = {sha256(text.encode()).hexdigest() for text in texts}
    assert not guesses & {entry["operation"] for entry in entries}
    assert entries, "something was read"
