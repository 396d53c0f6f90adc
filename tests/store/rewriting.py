"""Writes values at rest anew, and can be killed after some pages."""

from __future__ import annotations

import asyncio
from typing import Any

from store.database.config import StoreConfig
from store.upgrade import rewriting
from store.upgrade.upgrade import upgrade_all
from tests.store.elsewhere import main, say


async def work(config: StoreConfig, arguments: list[str]) -> None:
    rewriting.PAGE = 7
    pages = int(arguments[0]) if arguments else None
    write = rewriting._write

    async def writing(*given: Any) -> None:
        nonlocal pages
        if pages == 0:
            say("in the middle")
            await asyncio.sleep(60)
        await write(*given)
        pages = None if pages is None else pages - 1

    rewriting._write = writing
    say("begins")
    await upgrade_all(config)
    say("done")


if __name__ == "__main__":
    main(work)
