"""Rotates the root key in small steps and says when it has begun; made to be killed."""

from __future__ import annotations

import asyncio

from store.crypto import rotation
from store.database.config import StoreConfig
from tests.store.elsewhere import main, say
from tests.stores import opened


async def work(config: StoreConfig, _: list[str]) -> None:
    step = rotation._rewrap_some

    async def slowly(*arguments: object) -> int:
        done = await step(*arguments)  # type: ignore[arg-type]
        say(done)
        await asyncio.sleep(0.1)  # Time for the parent to kill it in the middle.
        return done

    rotation._rewrap_some = slowly  # type: ignore[assignment]
    async with opened(config) as store:
        await store.keys.rotate(batch=3)


if __name__ == "__main__":
    main(work)
