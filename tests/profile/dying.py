"""Carries a mutation out and kills itself before or after its commit, or while another party is asked; to be killed."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from resolvers.commands import idempotency
from schema.documents.requests import Request
from store.database.config import StoreConfig
from store.database.store import Store
from tests.promises.gate import Gate, own
from tests.store.elsewhere import main, say
from tests.stores import opened


def die(*_: Any) -> None:
    """As a machine that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)


async def work(config: StoreConfig, said: list[str]) -> None:
    when, subject, now, query, variables = said
    settle, stores = idempotency._settle, list[Store]()

    async def settling(*given: Any) -> None:
        if when == "before":
            die()
        await settle(*given)
        # What follows the commit: the payload is read.
        if when == "after":
            stores[0].reader.fetch = die  # type: ignore[method-assign]

    async def asking(*_: Any) -> int | None:
        die()
        return None

    idempotency._settle = settling
    async with opened(config) as store:
        stores.append(store)
        gate = Gate(store, (), ())
        gate.clock.now = datetime.fromisoformat(now)
        if when == "asking":
            gate.api.dependencies = replace(gate.api.dependencies, post=asking)
        who = own(int(subject), authenticated_at=int(gate.clock.now.timestamp()))
        say((await gate.api.execute(Request(query=query, variables=orjson.loads(variables)), who)).body)


if __name__ == "__main__":
    main(work)
