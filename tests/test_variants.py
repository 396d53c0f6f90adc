"""Which variants `make test` leaves out: never a whole test, and nothing of what touches a database otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from tests.variants import ABOVE_THE_STORE, CASES_ARE_STATEMENTS, EXECUTORS, STORES, STORIES, chosen

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Spec:
    params: dict[str, Any]
    indices: dict[str, int]


@dataclass(frozen=True, eq=False)
class Item:
    nodeid: str
    callspec: Spec = field(repr=False)


def items(module: str, **parameters: tuple[Any, ...]) -> list[Any]:
    """The variants of a test with these parameters."""
    found = []
    for indices in product(*(range(len(values)) for values in parameters.values())):
        given = {name: values[at] for (name, values), at in zip(parameters.items(), indices, strict=True)}
        nodeid = f"{module}::test_it[{'-'.join(map(str, given.values()))}]"
        found.append(Item(nodeid, Spec(given, dict(zip(parameters, indices, strict=True)))))
    return found


def taken(module: str, **parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The values of the variants that are taken."""
    return [tuple(item.callspec.params.values()) for item in chosen(items(module, **parameters))]


def test_every_module_that_is_named_is_there() -> None:
    assert [name for name in (*ABOVE_THE_STORE, *STORIES, *CASES_ARE_STATEMENTS) if not (ROOT / name).exists()] == []


def test_a_test_runs_on_both_stores_unless_it_proves_nothing_of_them() -> None:
    assert taken("tests/signin/test_x.py", store_kind=STORES) == [("sqlite",), ("postgresql",)]
    assert taken(next(iter(ABOVE_THE_STORE)), store_kind=STORES) == [("sqlite",)]
    assert taken(next(iter(ABOVE_THE_STORE)), store_kind=("postgresql",)) == [("postgresql",)]


def test_a_story_is_told_on_one_store() -> None:
    assert taken("tests/journeys/test_rights.py", kind=STORES) == [("sqlite",)]
    assert taken("tests/erasure/test_warnings.py", store_kind=STORES, where=("a", "b")) == [
        ("sqlite", "a"), ("sqlite", "b"),
    ]  # fmt: skip


def test_of_many_cases_the_first_runs_on_both_unless_each_is_a_statement() -> None:
    cases: dict[str, tuple[Any, ...]] = {"store_kind": STORES, "word": ("a", "b")}
    assert taken("tests/signin/test_x.py", **cases) == [("sqlite", "a"), ("sqlite", "b"), ("postgresql", "a")]
    assert len(taken("tests/store/test_x.py", **cases)) == 4
    assert taken("tests/signin/test_x.py", word=("a", "b")) == [("a",), ("b",)]


def test_both_executors_are_shown() -> None:
    """On two stores one each, on one store both; also of the cases that run on one."""
    module, alone = "tests/promises/test_x.py", next(name for name in ABOVE_THE_STORE if "promises" in name)
    diagonal = list(zip(STORES, EXECUTORS, strict=True))
    assert taken(module, store_kind=STORES, executor=EXECUTORS) == diagonal
    gates = tuple(f"{store}-{executor}" for store in STORES for executor in EXECUTORS)
    assert taken(module, gate=gates) == [(gates[0],), (gates[3],)]
    assert taken(alone, gate=gates) == [(gates[0],), (gates[1],)]
    assert taken(alone, store_kind=STORES, executor=EXECUTORS) == [("sqlite", each) for each in EXECUTORS]
    many = taken(module, gate=gates, word=("a", "b"))
    assert many == [(gates[0], "a"), (gates[0], "b"), (gates[1], "b"), (gates[3], "a")]
