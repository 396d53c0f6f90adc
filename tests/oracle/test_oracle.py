"""Generated operations are answered alike by the compiled plan and by graphql-core, on SQLite and on PostgreSQL.

What is asked is the same on every run. ORACLE_EXAMPLES=20000 asks more than CI does, and ORACLE_FIRST=4711 begins
with another document than the first: a failure says the number of its own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from tests.oracle.comparing import Asking, Tally, compare
from tests.oracle.questions import REQUESTS, Question, Questions
from tests.oracle.reducing import reduced
from tests.oracle.world import pools, world
from tests.stores import KINDS, Databases

pytestmark = pytest.mark.anyio

FIRST = int(os.environ.get("ORACLE_FIRST", "0"))
DOCUMENTS = int(os.environ.get("ORACLE_EXAMPLES", "3000")) // REQUESTS
SHARE = 0.9
"""Of the operations without errors, at least so many must be answered by the compiled plan."""
REASONS = {"compiled", "standard:not covered", "standard:FieldError"}
"""How an operation without errors may be answered. FieldError: an argument that does not fit, where no row led to it."""


@dataclass
class Oracle:
    """A world in each kind of store, and what is asked of them."""

    askings: list[Asking]
    questions: Questions

    async def ask(self, question: Question, tally: Tally) -> None:
        """AssertionError when the executors differ, or the question is not even valid."""
        answer = await compare(self.askings, question.request, question.grant, tally)
        assert b"GRAPHQL_" not in answer.body, f"the question itself is not valid: {answer.body!r}"

    async def differs(self, question: Question) -> bool:
        """Whether the executors part."""
        try:
            await self.ask(question, Tally())
        except AssertionError:
            return True
        return False


@pytest.fixture(scope="module")
async def oracle(databases: Databases) -> AsyncIterator[Oracle]:
    """Worlds that hold the same."""
    async with AsyncExitStack() as stack:
        askings: list[Asking] = []
        for kind in KINDS:
            config = await stack.enter_async_context(databases.fresh(kind))
            askings.append(Asking(await stack.enter_async_context(world(config))))
            askings[-1].api._documents = askings[0].api._documents  # Parsed and validated once for all.
        first = askings[0]
        known = await pools(first.world, first.api.model)
        yield Oracle(askings, Questions(first.api.model, known, first.world.people))


async def test_both_executors_answer_alike(oracle: Oracle) -> None:
    """The same bytes, the same ledger entry, as many statements; and it was not by falling back."""
    tally = Tally()
    for number in range(FIRST, FIRST + DOCUMENTS):
        for question in oracle.questions.number(number):
            try:
                await oracle.ask(question, tally)
            except AssertionError as error:
                smallest = await reduced(oracle.questions.model.core, question, oracle.differs)
                told = f"document {number}, made smaller: {smallest}\n\nas it was: {question}\n\n{error}"
                raise AssertionError(told) from None
    print(tally)
    assert tally.compiled >= SHARE, tally
    assert tally.clean.keys() <= REASONS, f"a compiled plan failed where nothing was wrong: {tally}"
