"""Reading any SDL: broken, odd, huge, or from a git revision; never an exception, always a place."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from audits.schema.declarations import declaration
from audits.schema.sdl_reading import read_sdl
from audits.schema.sources import Text, UnreadableError, read_text
from audits.schema.structure import Structure
from tests.audits.schemas import SMALL, facts_of


def test_everything_has_its_place() -> None:
    sdl = read_sdl(Text("a.graphql", 'type A {\n  """doc"""\n  b(c: Int): [String!]! @x(y: [Z, "q"])\n}\n'))
    field = sdl.types["A"].fields["b"]
    assert (field.type, field.named, field.non_null, field.description) == ("[String!]!", "String", True, "doc")
    assert (field.place.line, field.place.column) == (3, 3), "the name, not its description"
    assert str(field.arguments["c"].place) == "a.graphql:3:5"
    assert field.applied[0].arguments == {"y": ["Z", "q"]}


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("type A { b: String ", 1, 20),
        ("type A {\n  b String\n}", 2, 5),
        ("type A { b: String @x(y: $z) }", 1, 26),
        ("\x00", 1, 1),
        ("", 1, 1),
        ("{" * 20_000, 1, None),
        ("type A { b: " + "[" * 20_000 + " }", 1, None),
        ("type A { b(c: X = " + "[" * 20_000 + "): X }", 1, None),
    ],
)
def test_a_broken_text_is_one_fault_with_its_place(text: str, line: int, column: int | None) -> None:
    sdl = read_sdl(Text("broken.graphql", text))
    (fault,) = sdl.errors
    assert (fault.check, fault.place.line) == ("SYNTAX", line)
    assert column in (None, fault.place.column)
    assert not sdl.types
    with pytest.raises(UnreadableError, match=r"broken\.graphql:1|broken\.graphql:2"):
        facts_of(text, "broken.graphql").require_readable()


def test_extensions_are_part_of_what_they_extend_wherever_they_stand() -> None:
    sdl = read_sdl(
        Text("a", "extend type A @retention(rule: CUSTOMER_LIFE) { c: Int }\ntype A { b: Int }\nschema { query: A }")
    )
    assert list(sdl.types["A"].fields) == ["c", "b"]
    assert declaration(sdl.types["A"].applied).retention == "CUSTOMER_LIFE"
    assert sdl.roots == {"query": "A"}
    assert not sdl.errors


def test_strange_directives_and_federation_pass() -> None:
    text = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    directive @cost(weight: Int) on FIELD_DEFINITION
    type Product @key(fields: "id") { id: ID! @cost(weight: 3) @unheard(of: {deep: [1, {x: true}]}) }
    """
    sdl = read_sdl(Text("a", text))
    assert not sdl.errors
    assert sdl.directives == {"cost"}


@pytest.mark.parametrize(
    "text",
    [
        "type A { b: Int }\ntype A { c: Int }",
        "type A { b: Int b: String }",
        "type A { b(c: Int, c: Int): Int }",
        "enum A { B B }",
        "type A { b: Int }\nextend input A { c: Int }",
    ],
)
def test_what_is_defined_twice_is_a_fault(text: str) -> None:
    assert [fault.check for fault in read_sdl(Text("a", text)).errors] == ["DUPLICATE"]


def test_circles_end() -> None:
    text = """
    interface A implements B { a: A }
    interface B implements A { a: A }
    type C implements A & B { a: A c: C d: D }
    type D { c: C }
    union U = C | D | U
    input I { i: I }
    type Query { u: U i(i: I): A }
    """
    structure = Structure(read_sdl(Text("a", text)))
    assert structure.possible["A"] == structure.possible["B"] == ("C",)
    assert structure.possible["U"] == ("C", "D")
    assert not structure.carriers
    assert not structure.personal_inputs
    assert facts_of(text).all["C.c"].retention == ()


def test_thousands_of_types_are_read_in_seconds() -> None:
    one = SMALL.replace("type Query", "type Query{n}").replace("Customer", "Customer{n}").replace("Card", "Card{n}")
    text = "\n".join(one.replace("{n}", str(number)) for number in range(700))
    started = time.process_time()
    facts = facts_of(text)
    assert len(facts.sdl.types) == 2100
    assert len(facts.personal) == 4900
    assert time.process_time() - started < 10


def test_a_file_of_a_git_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    schema = tmp_path / "a b.graphql"
    schema.write_text("type A { b: Int }")
    git("add", ".")
    git("commit", "-qm", "one")
    schema.write_text("type A { c: Int }")
    assert read_text("git:HEAD:a b.graphql").text == "type A { b: Int }"
    assert read_text("a b.graphql").text == "type A { c: Int }"
    for wrong in ("git:HEAD:none.graphql", "git:nowhere:a b.graphql", "git:--output=x:a b.graphql", "git:HEAD", "git:"):
        with pytest.raises(UnreadableError, match="git:"):
            read_text(wrong)
    assert not (tmp_path / "x").exists()


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        read_text(str(tmp_path / "none.graphql"))
    with pytest.raises(UnreadableError, match="directory"):
        read_text(str(tmp_path))
    latin = tmp_path / "latin.graphql"
    latin.write_bytes("type A {\n # café\n }".encode("latin-1"))
    with pytest.raises(UnreadableError, match=r"latin\.graphql:2: not UTF-8"):
        read_text(str(latin))
    marked = tmp_path / "bom.graphql"
    marked.write_bytes(b"\xef\xbb\xbftype A { b: Int }")
    assert read_text(str(marked)).text.startswith("type")
