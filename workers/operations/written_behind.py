"""Counts are kept in memory, and written to the store behind the requests: a loop until told to stop, and once more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from store.sql.errors import StoreUnavailableError

log = logging.getLogger("gateway")


async def keep_writing(write: Callable[[], Awaitable[None]], stop: asyncio.Event, pause: float, failed: str) -> None:
    """Write every `pause` seconds until told to stop, and a last time on the way out.

    Counting in this process goes on when the store does not answer; `failed` says in the log what was not written.
    """
    while not stop.is_set():
        await _attempt(write, failed)
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
