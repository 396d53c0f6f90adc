"""Write-behind of counters: kept in memory, and written to the store by a background loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from store.sql.errors import StoreUnavailableError

log = logging.getLogger("gateway")


async def keep_writing(write: Callable[[], Awaitable[None]], stop: asyncio.Event, pause: float, failed: str) -> None:
    """Call `write` every `pause` seconds until `stop` is set, and once more before returning.

    A failed write is logged with the text `failed`, and tried again in the next round; nothing is raised.
    """
    while not stop.is_set():
        await _attempt(write, failed)
        # The event's timeout is the pause: setting `stop` ends it at once, a plain sleep would delay the shutdown.
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
    await _attempt(write, failed)


async def _attempt(write: Callable[[], Awaitable[None]], failed: str) -> None:
    try:
        await write()
    except StoreUnavailableError as outage:
        log.warning("%s: %s", failed, outage.reason)
    except Exception:
        log.exception(failed)
