"""docs/asvs.md has each requirement of OWASP ASVS 5.0's levels 1 and 2 once, with a test that exists or a reason."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/asvs.md").read_text("utf-8")
ROWS = re.findall(r"^\| (V[0-9.]+) \| ([12]) \| (.+) \|$", PAGE, re.M)
LISTED = dict(line.split() for line in (ROOT / "tests/data/asvs-5.0.0.txt").read_text("utf-8").splitlines())
"""The ids of the standard, with the level of each."""
NAMED = re.compile(r"\[(\S+\.py)\]\(\.\./tests/(\S+\.py)\) `(test_\w+)`")
REASON = re.compile(r"(does not apply|not claimed): \S.{5,}")


@cache
def names_in(path: str) -> frozenset[str]:
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)", (ROOT / "tests" / path).read_text("utf-8"), re.M))


def test_each_requirement_stands_once_with_its_level() -> None:
    assert [(id_, level) for id_, level, _ in ROWS] == list(LISTED.items())


def test_each_has_a_test_that_exists_or_a_reason() -> None:
    for id_, _, said in ROWS:
        named = NAMED.fullmatch(said)
        if named is None:
            assert REASON.fullmatch(said), id_
        else:
            shown, path, test = named.groups()
            assert shown == path and test in names_in(path), id_


def test_the_sums_are_those_of_the_table() -> None:
    kinds = Counter("test" if NAMED.fullmatch(said) else said.partition(":")[0] for _, _, said in ROWS)
    sums = f"of {len(ROWS)} requirements {kinds['test']} have a test, {kinds['does not apply']} do not apply, and"
    assert sums in PAGE.replace("\n", " ") and f" {kinds['not claimed']} are not claimed." in PAGE.replace("\n", " ")
