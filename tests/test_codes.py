"""Requirements and security statements have numbers: every one that is named exists, and every statement has a test."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = re.compile(r"(?<![-\w#$&+%.])([RAGOSDF])([1-9]\d?)(?![-\w.])")
ROW = re.compile(r"^\| ([RAGOSDF]\d+) \|", re.M)
REQUIREMENTS, CHECKLIST = ROOT / "docs" / "requirements.md", ROOT / "docs" / "security-checklist.md"
PYTHON = (
    "gateway", "schema", "resolvers", "workers", "audits", "store", "values", "messages", "policy", "tests",
    "benchmarks",
)  # fmt: skip


@cache
def documented(page: Path) -> frozenset[str]:
    """The numbers that have a row."""
    return frozenset(ROW.findall(page.read_text(encoding="utf-8")))


def claimed() -> frozenset[str]:
    """The statements that the checklist claims."""
    text = CHECKLIST.read_text(encoding="utf-8").partition("## Not claimed yet")[0]
    return frozenset(ROW.findall(text))


def prose() -> Iterator[tuple[Path, str]]:
    """Comments and docstrings of the code, and the pages of the documentation."""
    for folder in PYTHON:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file, "\n".join(_prose_of(file))
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        yield page, page.read_text(encoding="utf-8")


def _prose_of(file: Path) -> Iterator[str]:
    with tokenize.open(file) as source:
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""')):
                yield token.string


def test_every_number_that_is_named_is_documented() -> None:
    known = documented(REQUIREMENTS) | documented(CHECKLIST)
    unknown = {
        f"{file.relative_to(ROOT)}: {letter}{number}"
        for file, text in prose()
        for letter, number in CODE.findall(text)
        if letter + number not in known
    }
    assert not unknown


def test_every_statement_that_is_claimed_is_named_by_a_test() -> None:
    """A range such as `S1-S3` counts for its ends alone."""
    named = {
        letter + number
        for file in sorted((ROOT / "tests").rglob("*.py"))
        if file != Path(__file__)
        for letter, number in re.findall(r"(?<![\w])([GOSDF])([1-9]\d?)(?!\d)", "\n".join(_prose_of(file)))
    }
    assert sorted(claimed() - named) == []


@pytest.mark.parametrize("page", [REQUIREMENTS, CHECKLIST], ids=lambda page: page.name)
def test_numbers_are_given_once_and_in_order(page: Path) -> None:
    rows = ROW.findall(page.read_text(encoding="utf-8"))
    for letter in sorted({row[0] for row in rows}):
        text = page.read_text(encoding="utf-8").partition("## Not claimed yet")[0]
        numbers = [int(row[1:]) for row in ROW.findall(text) if row[0] == letter]
        assert numbers == sorted(set(numbers))
    assert len(rows) == len(set(rows))
