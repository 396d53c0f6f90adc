"""Generated operations are answered alike by the compiled plan and by graphql-core, on SQLite and on PostgreSQL.

ORACLE_EXAMPLES=20000 asks more than CI does; what is asked is the same on every run of the same number.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from schema.model import SchemaModel
from schema.requests import Request
from tests.oracle.arguments import Pools
from tests.oracle.comparing import Asking, Tally, compare
from tests.oracle.documents import Asked, operations
from tests.oracle.world import BARE, DAMAGED, EMPTIED, ERASED, ODD, WHOLE, World, pools, world
from tests.stores import KINDS, Databases

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "1000"))
SHARE = 0.8
"""Of the operations without errors, at least so many must be answered by the compiled plan."""

PURPOSES = [purpose for purpose in Purpose if purpose.enabled]
MAX_PAGE = 5


@dataclass
class Oracle:
    """Everything that stays from one example to the next."""

    runner: asyncio.Runner
    askings: list[Asking]
    pools: Pools
    tally: Tally

    @property
    def model(self) -> SchemaModel:
        """The schema's facts."""
        return self.askings[0].api.model

    @property
    def world(self) -> World:
        """Any of the worlds: they hold the same."""
        return self.askings[0].world


@pytest.fixture(scope="module")
def oracle(databases: Databases) -> Iterator[Oracle]:
    """A world in each kind of store."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def begin() -> Oracle:
            askings = []
            for kind in KINDS:
                config = await stack.enter_async_context(databases.fresh(kind))
                askings.append(Asking(await stack.enter_async_context(world(config))))
            known = await pools(askings[0].world, askings[0].api.model)
            return Oracle(runner, askings, known, Tally())

        try:
            yield runner.run(begin())
        finally:
            runner.run(stack.aclose())


@st.composite
def questions(draw: Any, oracle: Oracle) -> tuple[Asked, Request, Grant]:
    """An operation, for a purpose, by a client of either refusal mode."""
    purpose = draw(st.sampled_from(PURPOSES))
    people = oracle.world.people
    subject = None
    if purpose.own_data_only or draw(st.integers(0, 99)) > 90:
        subject = people[draw(st.sampled_from((WHOLE, WHOLE, ODD, EMPTIED, DAMAGED, BARE, ERASED, 8)))]
    grant = Grant(
        "token", "client", subject, frozenset({purpose}), frozenset(), 2**40,
        draw(st.sampled_from(Refusal)), False, draw(st.booleans()), MAX_PAGE,
    )  # fmt: skip
    loose = draw(st.integers(0, 99)) > (85 if grant.refusal is Refusal.REFUSE else 50)
    searchable = {
        name: values
        for name, values in oracle.pools.lookups.items()
        if loose or oracle.model.rules[f"CustomerLookup.{name}"].when(purpose)
    }

    def may(type_name: str, name: str) -> bool:
        if type_name == "Query" and name == "customerLookup" and not searchable:
            return False
        if (type_name, name) == ("Query", "me") and subject is None:
            return False
        rule = oracle.model.field(type_name, name).rule
        free = rule is None or not (rule.allowances or rule.scopes)
        return free or bool(rule.when(purpose)) or (loose and draw(st.integers(0, 9)) == 9)

    asked = draw(operations(oracle.model.core, replace(oracle.pools, lookups=searchable), may))
    reference = "CASE-1" if purpose.requires_reference else None
    return asked, Request(query=asked.text, variables=asked.variables, reference=reference), grant


def test_both_executors_answer_alike(oracle: Oracle) -> None:
    """The same bytes, the same ledger entry, as many statements; and it was not by falling back."""

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(questions(oracle))
    def ask(question: tuple[Asked, Request, Grant]) -> None:
        asked, request, grant = question
        note(f"{grant.purposes} {grant.refusal} subject={grant.subject}\n{asked.text}\n{asked.variables}")
        answer = oracle.runner.run(compare(oracle.askings, request, grant, oracle.tally))
        assert b"GRAPHQL_" not in answer.body, "the question itself is not valid"

    ask()
    print(oracle.tally)
    assert oracle.tally.compiled >= SHARE, oracle.tally
