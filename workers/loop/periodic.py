"""Working again and again until told to stop, whatever happens to the store meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from time import monotonic

from store.sql.errors import StoreUnavailableError

log = logging.getLogger(__name__)

SECONDS = 5.0
"""How long one part of a round may take; it goes on in the next one."""


async def run_periodically(step: Callable[[], Awaitable[bool]], stop: asyncio.Event, pause: float, what: str) -> None:
    """Take steps until `stop`; after one that found nothing to do, or failed, rest for `pause` seconds.

    What is half done when it fails or ends is taken up again by whoever comes next: a step that cannot be taken now
    must not keep the others waiting. `what` says in the log whose work it is.
    """
    while not stop.is_set():
        busy = False
        try:
            busy = await step()
        except StoreUnavailableError as outage:
            log.warning("%s were put off: %s", what, outage.reason)
        except Exception:
            log.exception("%s could not be carried out, and will be tried again", what)
        if not busy:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)


async def guarded(what: str, part: Awaitable[object]) -> bool:
    """Do one part of a round; what goes wrong with it keeps no other part from being done (F9). Whether it was done."""
    try:
        await part
    except StoreUnavailableError as outage:
        log.warning("a part of a round was put off: %s", outage.reason, extra={"part": what})
    except Exception:
        log.exception("a part of a round could not be done, and will be tried again", extra={"part": what})
    else:
        return True
    return False


Look = Callable[[int], Awaitable[Sequence[int]]]
"""The next keys behind one of them, in their order; none at the end."""
Work = Callable[[Sequence[int]], Awaitable[object]]


class Walk:
    """Goes through the keys of a table in pages, for a bounded time, and next time goes on where it stopped (F9)."""

    def __init__(self, what: str, seconds: float = SECONDS, clock: Callable[[], float] = monotonic) -> None:
        self._what, self._seconds, self._clock = what, seconds, clock
        self._last = 0

    async def go(self, look: Look, work: Work) -> bool:
        """Whether the end was reached, so that the next time begins anew; StoreUnavailableError when the store is.

        A page that fails is done once more, row by row, so that one row keeps no other from being looked at.
        """
        until = self._clock() + self._seconds
        while keys := await look(self._last):
            try:
                await work(keys)
            except StoreUnavailableError:
                raise
            except Exception:  # noqa: BLE001  (each row is told of below)
                for key in keys:
                    await guarded(self._what, work([key]))
            self._last = keys[-1]
            if self._clock() > until:
                return False
        self._last = 0
        return True
