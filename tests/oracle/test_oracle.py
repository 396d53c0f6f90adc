"""Generated operations are answered alike by the compiled plan and by graphql-core, on SQLite and on PostgreSQL.

What is asked is the same on every run. ORACLE_EXAMPLES=20000 asks more than CI does, and ORACLE_FIRST=4711 begins
with another document than the first: a failure says the number of its own.
"""

from __future__ import annotations

import os

import pytest

from tests.oracle.comparing import Oracle, Tally
from tests.oracle.questions import REQUESTS
from tests.oracle.reducing import reduced

pytestmark = pytest.mark.anyio

FIRST = int(os.environ.get("ORACLE_FIRST", "0"))
DOCUMENTS = int(os.environ.get("ORACLE_EXAMPLES", "2400")) // REQUESTS
SHARE = 0.85
"""Of the operations without errors, at least so many must be answered by the compiled plan. The others ask for entities
or the schema itself, or have errors at withheld fields below a selection of several types."""
REASONS = {"compiled", "standard:not covered", "standard:FieldError"}
"""How an operation without errors may be answered. FieldError: for an argument that no row led to after all."""


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


async def test_corners_are_answered_alike(oracle: Oracle) -> None:
    """Rows of which nothing is asked are judged, counted and recorded as all others."""
    for question in oracle.questions.corners():
        try:
            await oracle.ask(question, Tally())
        except AssertionError as error:
            raise AssertionError(f"{question}\n\n{error}") from None
