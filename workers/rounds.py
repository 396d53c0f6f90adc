"""Working again and again until told to stop, whatever happens to the store meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from store.faults import StoreUnavailable

log = logging.getLogger(__name__)


async def again_and_again(step: Callable[[], Awaitable[bool]], stop: asyncio.Event, pause: float, what: str) -> None:
    """Take steps until `stop`; after one that found nothing to do, or failed, rest for `pause` seconds.

    What is half done when it fails or ends is taken up again by whoever comes next: a step that cannot be taken now
    must not keep the others waiting. `what` says in the log whose work it is.
    """
    while not stop.is_set():
        busy = False
        try:
            busy = await step()
        except StoreUnavailable as outage:
            log.warning("%s were put off: %s", what, outage.reason)
        except Exception:
            log.exception("%s could not be carried out, and will be tried again", what)
        if not busy:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
