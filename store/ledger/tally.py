"""Reads by anybody at all, in the ledger as sums: one entry for all of some seconds, not one a hit (G14, F1).

A sum is on the disk some seconds after the first read that it counts. Where it cannot be written in time, nothing more
is given out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import orjson

from store.ledger.append import LedgerAppender
from store.sql.errors import OutageCause, StoreUnavailableError

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds that reads are summed for."""

LATEST = 8.0
"""Seconds after which a sum that is not on the disk yet stops all further reads: each is durable within ten."""

MOST = 1_000
"""Subjects of one entry; the next one begins when they are full."""


@dataclass(slots=True)
class _Sum:
    since: float
    entry: Mapping[str, Any]
    counts: dict[str, int] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        return {**self.entry, "subjects": list(self.counts), "counts": list(self.counts.values())}


class AnonymousReadTally:
    """Counts, and writes the sums in the background."""

    def __init__(self, ledger: LedgerAppender, clock: Callable[[], float] = monotonic) -> None:
        self._ledger, self._clock = ledger, clock
        self._sums: dict[bytes, _Sum] = {}
        self._task: asyncio.Task[None] | None = None
        self._soon = asyncio.Event()

    async def note(self, entry: Mapping[str, Any]) -> None:
        """Count one read, whose entry would be this one; StoreUnavailableError when sums cannot be written in time.

        Entries that differ in nothing but their moment and their subjects are one sum.
        """
        now = self._clock()
        if any(now - each.since > LATEST for each in self._sums.values()):
            raise StoreUnavailableError(OutageCause.SLOW)
        what = {name: value for name, value in entry.items() if name not in ("at", "subjects")}
        key = orjson.dumps(what, option=orjson.OPT_SORT_KEYS)
        total = self._sums.setdefault(key, _Sum(now, entry))
        for subject in entry["subjects"]:
            total.counts[subject] = total.counts.get(subject, 0) + 1
        if len(total.counts) >= MOST:
            self._soon.set()
        if self._task is None:
            self._task = asyncio.create_task(self._write_later())

    async def _write_later(self) -> None:
        try:
            while self._sums:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._soon.wait(), EVERY)
                self._soon.clear()
                try:
                    await self.flush()
                except StoreUnavailableError as outage:
                    log.warning("sums of reads were not written yet: %s", outage.reason)
        finally:
            self._task = None

    async def flush(self) -> None:
        """Write what was counted; what could not be written is kept. StoreUnavailableError when something could not."""
        for key, total in list(self._sums.items()):
            del self._sums[key]  # What is read meanwhile begins another sum.
            try:
                await self._ledger.append(total.written())
            except BaseException:
                self._keep(key, total)
                raise

    def _keep(self, key: bytes, total: _Sum) -> None:
        """An entry may stand in the ledger although its writing failed: then it is counted twice, and never not."""
        newer = self._sums.pop(key, None)
        for subject, count in (newer.counts if newer else {}).items():
            total.counts[subject] = total.counts.get(subject, 0) + count
        self._sums[key] = total

    async def close(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        try:
            await self.flush()
        except StoreUnavailableError as outage:
            log.error("sums of reads are lost: %s", outage.reason)
