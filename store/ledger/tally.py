"""Counts anonymous reads in the ledger: one entry for the reads of some seconds, not one for each (G14, F1).

A sum is on the disk some seconds after its first read. If it cannot be written in time, further reads are refused.
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
"""Seconds of reads in one sum."""

LATEST = 8.0
"""Seconds after which an unwritten sum stops all further reads, so that each is durable within ten seconds."""

MOST = 1_000
"""Number of subjects at which an entry is written early."""


@dataclass(slots=True)
class _Sum:
    since: float
    entry: Mapping[str, Any]
    counts: dict[str, int] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        return {**self.entry, "subjects": list(self.counts), "counts": list(self.counts.values())}


class AnonymousReadTally:
    """Counts reads, and writes the sums in the background."""

    def __init__(self, ledger: LedgerAppender, clock: Callable[[], float] = monotonic) -> None:
        self._ledger, self._clock = ledger, clock
        self._sums: dict[bytes, _Sum] = {}
        self._task: asyncio.Task[None] | None = None
        self._soon = asyncio.Event()

    async def note(self, entry: Mapping[str, Any]) -> None:
        """Count one read, given as its ledger entry; StoreUnavailableError when sums cannot be written in time.

        Entries that differ only in their time and their subjects are summed.
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
        """Write the sums; failed ones are kept for the next attempt. StoreUnavailableError if one failed."""
        for key, total in list(self._sums.items()):
            del self._sums[key]  # Reads during the write begin a new sum.
            try:
                await self._ledger.append(total.written())
            except BaseException:
                self._keep(key, total)
                raise

    def _keep(self, key: bytes, total: _Sum) -> None:
        """Merge a failed sum back. Its entry may be in the ledger all the same, so that reads are counted twice, never
        lost."""
        newer = self._sums.pop(key, None)
        for subject, count in (newer.counts if newer else {}).items():
            total.counts[subject] = total.counts.get(subject, 0) + count
        self._sums[key] = total

    async def close(self) -> None:
        """Write the remaining sums; an outage is logged."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        try:
            await self.flush()
        except StoreUnavailableError as outage:
            log.error("sums of reads are lost: %s", outage.reason)
