"""The worlds that the oracle asks about, made once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import lru_cache

import pytest

from tests.oracle.comparing import Asking, Oracle
from tests.oracle.questions import Questions
from tests.oracle.witness import Witness, lookups, opened
from tests.oracle.world import pools, world
from tests.stores import KINDS, Databases


@pytest.fixture(scope="session")
async def oracle(databases: Databases) -> AsyncIterator[Oracle]:
    """Worlds that hold the same."""
    async with AsyncExitStack() as stack:
        askings: list[Asking] = []
        for kind in KINDS:
            config = await stack.enter_async_context(databases.fresh(kind))
            askings.append(Asking(await stack.enter_async_context(world(config))))
            askings[-1].api._documents = askings[0].api._documents
        documents = askings[0].api._documents
        documents.read = lru_cache(1_000)(documents.read)  # type: ignore[method-assign]  # Parsed once for all.
        first = askings[0]
        known = await pools(first.world, first.api.model)
        witness = Witness(await opened(first.world), lookups(first.world.people))
        yield Oracle(askings, Questions(first.api.model, known, first.world.people), witness)
