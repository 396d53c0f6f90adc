"""What made requests cheap stays: calls, statements, tasks and hops between threads of each, within a budget.

Nothing is timed, so that it holds on any machine. A budget is what was counted when it was set, and a quarter more.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest

from policy.grant import Grant
from policy.purposes import Purpose
from schema.documents.requests import Request
from store.database.store import Store
from tests.promises.gate import Gate, grant, own

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)]

POINT = """query ($id: ID!) { customer(by: {id: $id}) { id customerNumber fullName email phone locale createdAt
  postalAddress { street city postalCode country } services { nodes { id kind name state startedAt } } } }"""
PAGE = """query ($n: Int) { customers(first: $n) { edges { node { id customerNumber fullName email locale createdAt } }
  pageInfo { hasNextPage endCursor } } }"""
UPDATE = "mutation ($name: String) { updateProfile(input: {givenName: $name}) { customer { id fullName phone } } }"
PEOPLE = 40


@dataclass
class Counts:
    """What one request took."""

    calls: int = 0
    """Calls of Python functions in the event loop's thread."""
    statements: list[str] = field(default_factory=list)
    hops: int = 0
    tasks: int = 0


@contextmanager
def counting(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counts]:
    """Count what happens in the block."""
    found = Counts()
    submit, create = ThreadPoolExecutor.submit, asyncio.create_task

    def submitted(self: ThreadPoolExecutor, *given: Any, **named: Any) -> Any:
        found.hops += 1
        return submit(self, *given, **named)

    def created(*given: Any, **named: Any) -> Any:
        found.tasks += 1
        return create(*given, **named)

    def event(_: FrameType, kind: str, __: Any) -> None:
        found.calls += kind == "call"

    with monkeypatch.context() as patched:
        patched.setattr(ThreadPoolExecutor, "submit", submitted)
        patched.setattr(asyncio, "create_task", created)
        store.reader.listeners.append(found.statements.append)
        sys.setprofile(event)
        try:
            yield found
        finally:
            sys.setprofile(None)
            store.reader.listeners.remove(found.statements.append)


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, PEOPLE)


async def counted(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, query: str, who: Grant, *variables: dict[str, Any]
) -> Counts:
    """The last of these requests, when everything that is made once is there."""
    for each in variables[:-1]:
        await gate.api.execute(Request(query=query, variables=each), who)
    with counting(gate.store, monkeypatch) as found:
        outcome = await gate.api.execute(Request(query=query, variables=variables[-1]), who)
    assert b'"errors"' not in outcome.body, outcome.body
    return found


async def test_a_point_read(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"id": gate.id(0)}
    found = await counted(gate, monkeypatch, POINT, own(gate.ids[0]), *[variables] * 3)
    assert len(found.statements) == 2, "a level each"
    assert (found.hops, found.tasks) == (1, 1), "the ledger's commit, and nothing else"
    assert found.calls <= POINT_CALLS, found.calls


async def test_a_page_costs_little_for_each_customer(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = grant(Purpose.INVOICING, client="billing")
    short = await counted(gate, monkeypatch, PAGE, tool, *[{"n": 10}] * 3)
    long = await counted(gate, monkeypatch, PAGE, tool, *[{"n": PEOPLE}] * 3)
    assert len(short.statements) == len(long.statements) == 1
    assert (long.hops, long.tasks) == (1, 1)
    each = (long.calls - short.calls) / (PEOPLE - 10)
    assert each <= CUSTOMER_CALLS, each


async def test_an_update(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its statements run in the loop: only the commit and the ledger's are in threads."""
    names = [{"name": f"Anna {letter}"} for letter in "ABCD"]
    found = await counted(gate, monkeypatch, UPDATE, own(gate.ids[0]), *names)
    assert len(found.statements) == 1, "what the payload shows"
    assert found.hops == 1, "of the ledger; the commit has the thread of its connection"
    assert found.tasks <= 3
    assert found.calls <= UPDATE_CALLS, found.calls


POINT_CALLS, CUSTOMER_CALLS, UPDATE_CALLS = 385, 6, 830
