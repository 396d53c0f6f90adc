"""The work that is done beside answering: one list of workers, run in the process that serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from gateway.exports import make_exporter
from gateway.serving import Works
from resolvers.authentication_means import Means
from schema.model import SchemaModel


class Worker(Protocol):
    """Does one kind of work until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work; returns soon after `stop` is set, with nothing half done that another could not begin anew."""


def make_workers(works: Works, means: Means, model: SchemaModel) -> list[Worker]:
    """Everything that has to be done again and again. Any number of processes may do it at once."""
    return [make_exporter(works.store, means.site, model), works.reach]


@asynccontextmanager
async def working(workers: Sequence[Worker]) -> AsyncIterator[None]:
    """Have all of them work while the block runs."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(worker.run(stop), name=type(worker).__name__) for worker in workers]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)
