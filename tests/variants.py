"""Which variants of a test a run takes: the kinds of store, and the two executors of reads.

`make test` runs every test on SQLite, and on PostgreSQL whatever a database may answer otherwise. A run with
`--thorough`, as continuous integration makes it, takes every variant there is.

| variant | `make test` |
|---|---|
| a test of a module in `ABOVE_THE_STORE`, or a story of `STORIES` | on SQLite |
| the further cases of a parametrised test, but in `CASES_ARE_STATEMENTS` | on SQLite; the first case on both |
| the executors (`executor` and `gate` in tests/promises) of a test on both stores | one on each of the two |
| the executors of a test on one store | both |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

STORES = ("sqlite", "postgresql")
EXECUTORS = ("compiled", "graphql-core")

ABOVE_THE_STORE = {
    "tests/gateway/test_door.py": "tokens are judged before anything is read; test_tokens and tests/oauth read",
    "tests/oauth/test_third_parties.py": "scopes and consents are judged in Python; test_code_flow runs the statements",
    "tests/oracle/test_damaged_values.py": "what cannot be opened is met after it was read; the oracle reads both",
    "tests/promises/test_audits_name_nobody.py": "what a report says of the schema",
    "tests/promises/test_bounded_memory.py": "what is remembered of documents; none of it is read from a database",
    "tests/promises/test_damaged_values.py": "values are opened in Python",
    "tests/promises/test_one_spelling.py": "made one before it is looked up; tests/store/test_lookups.py looks up",
    "tests/promises/test_purpose_is_granted_not_claimed.py": "the decision comes before the first statement",
    "tests/promises/test_references_name_nobody.py": "references are judged before anything is read",
    "tests/promises/test_refused_before_the_database.py": "no statement is run, which is what it proves",
    "tests/promises/test_trusted_documents.py": "one look-up by a hash, which tests/gateway makes on both",
    "tests/promises/test_withheld_or_tried.py": "the decision comes before the first statement",
    "tests/signin/test_evaluating.py": "passwords are judged by words and lists",
    "tests/signin/test_unusual.py": "what is unusual is judged in Python of what test_sign_in reads",
}
"""Modules that prove nothing about a database, and why: they run on SQLite alone."""

STORIES = {
    "tests/audits/test_breach.py": "tests/ledger reads the index of subjects on both",
    "tests/erasure/test_warnings.py": "tests/erasure plans, leases and carries out on both",
    "tests/gateway/test_papers.py": "versions and registers are read on both by tests/retention and tests/sharing",
    "tests/journeys/test_erased_is_gone.py": "tests/erasure/test_data_folder.py searches PostgreSQL's whole folder",
    "tests/journeys/test_rights.py": "tests/consents and tests/resolvers/test_requests_register.py run the statements",
}
"""Long stories, and the shorter tests that run their statements on PostgreSQL: `make test` tells them on SQLite."""

CASES_ARE_STATEMENTS = (
    "tests/erasure/",
    "tests/ledger/",
    "tests/oracle/",
    "tests/promises/test_conditions.py",
    "tests/promises/test_keyset_pages.py",
    "tests/promises/test_limit_of_customers.py",
    "tests/promises/test_minimised_to_the_column.py",
    "tests/promises/test_restricted_means_absent.py",
    "tests/retention/",
    "tests/store/",
)
"""Where each case of a test reads or writes otherwise: all cases run on both."""


def chosen(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Those that `make test` takes, in their order."""
    tests: dict[str, list[_Variant]] = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(_variant(item))
    taken = {id(variant.item) for variants in tests.values() for variant in _of_test(variants)}
    return [item for item in items if id(item) in taken]


_OF_THE_RUN = frozenset({"gate", "store_kind", "executor"})
"""Parameters of a test that say on what it runs."""


@dataclass(frozen=True, slots=True)
class _Variant:
    item: pytest.Item
    store: str | None
    """Of which kind its store is; None of a test without one, or with one of its own."""
    executor: str | None
    case: tuple[tuple[str, int], ...]
    """All else that tells it from other variants, by its place among them."""


def _variant(item: pytest.Item) -> _Variant:
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return _Variant(item, None, None, ())
    given = callspec.params
    gate = given.get("gate")
    # A story makes its store by itself, of this kind.
    story = given.get("kind") if given.get("kind") in STORES else None
    run = _OF_THE_RUN | ({"kind"} if story else set())
    if isinstance(gate, str):
        store, _, executor = gate.partition("-")
    else:
        store, executor = given.get("store_kind", story), given.get("executor")
    case = tuple(sorted(each for each in callspec.indices.items() if each[0] not in run))
    return _Variant(item, store if store in STORES else None, executor or None, case)


def _of_test(variants: list[_Variant]) -> list[_Variant]:
    module = variants[0].item.nodeid.partition("::")[0]
    if not {each.store for each in variants} >= set(STORES):
        return variants
    if module in ABOVE_THE_STORE or module in STORIES:
        return [each for each in variants if each.store == "sqlite"]
    if not module.startswith(CASES_ARE_STATEMENTS):
        first = min(each.case for each in variants)
        variants = [each for each in variants if each.store == "sqlite" or each.case == first]
    if {each.executor for each in variants} != set(EXECUTORS):
        return variants
    on_both = {each.case for each in variants if each.store == "postgresql"}
    turns = dict(zip(STORES, EXECUTORS, strict=True))
    return [each for each in variants if each.case not in on_both or each.executor == turns[each.store or ""]]
