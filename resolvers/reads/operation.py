"""The context of one operation: the store, the subject of the token, and the customers read so far."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aiodataloader import DataLoader

from resolvers.commands.context import CommandContext, Result, Run
from resolvers.commands.idempotency import run_command
from resolvers.commands.language import localised
from resolvers.reads.criteria import Criterion, slots_of
from resolvers.reads.fetches import ROWS, ByIndex, ByIndexes, ByInvoice, ByKey, Layout, Row
from resolvers.reads.filters import NOW, SUBJECT
from resolvers.reads.guard import OrderBounds, OwnerCheck, SubjectTracker
from resolvers.reads.metering import ListTooLongError, ReadMeter
from resolvers.reads.pages import PageOf, Span
from store.crypto.cursors import Cursors
from store.crypto.global_ids import GlobalIds
from store.crypto.subject_key import SubjectKey
from store.database.store import Store

Admitted = tuple[Row, SubjectKey]


class OperationContext:
    """The context of one operation; nothing in it is shared between requests."""

    __slots__ = ("_loaders", "command", "failed", "meter", "parameters", "performed", "revealed", "store")

    def __init__(
        self,
        store: Store,
        subject: int | None,
        now: datetime,
        command: CommandContext | None = None,
        check: OwnerCheck | None = None,
        bounds: OrderBounds | None = None,
        meter: ReadMeter | None = None,
    ) -> None:
        """`bounds` are those of the order of an authority, if the read is for one; `meter` counts what is read."""
        self.store = store
        self.command = command
        self.performed: dict[str, Result] = {}
        """Results of commands by response key."""
        self.failed: dict[str, Exception] = {}
        """Errors of commands by response key. They may have committed a part, so they are not repeated."""
        self.meter = ReadMeter() if meter is None else meter
        self.parameters: dict[str, Any] = {SUBJECT: subject, NOW: now, ROWS: self.meter.most + 1}
        # Per operation: loaders cache rows, which must never reach another grant.
        self.revealed = SubjectTracker(store.keys, check, bounds)
        self._loaders: dict[Hashable, DataLoader[int, Any]] = {}

    @property
    def ids(self) -> GlobalIds:
        """The encoder of global ids."""
        return self.store.keys.system.ids

    @property
    def cursors(self) -> Cursors:
        """The encoder of cursors."""
        return self.store.keys.system.cursors

    @property
    def replayed(self) -> tuple[str, ...]:
        """The response keys of mutations that an earlier request with the same idempotency key has carried out."""
        return tuple(key for key, result in self.performed.items() if result.replayed)

    async def perform(self, key: str, field: str, run: Run, given: Mapping[str, Any]) -> Result:
        """Run the command of a field once by its response key, also if the standard executor repeats the operation.

        The subject is tracked here, because values that a command creates, such as a secret, are read from no row.
        """
        if self.command is None:
            raise LookupError("commands need a command context")
        self.meter.count(1)
        if self.command.grant.subject is not None:
            await self.revealed.add_owners([self.command.grant.subject])
        # Part of it may be committed: repeating could do it twice.
        if key in self.failed:
            raise self.failed[key]
        if key not in self.performed:
            command = self.command
            try:
                self.performed[key] = await localised(await run_command(command, key, field, run, given), command)
            except Exception as error:
                self.failed[key] = error
                raise
        # Before the payload is read, whose fields may be the disclosed ones.
        self.revealed.disclosed.update(self.performed[key].disclosed)
        return self.performed[key]

    async def related(self, place: Hashable, fetch: ByKey, key: int) -> list[Admitted]:
        """The rows of one key; all keys requested in one iteration of the event loop share a statement."""

        async def load(keys: list[int]) -> list[list[Admitted]]:
            try:
                rows = await fetch.rows(keys, self.parameters)
            except ListTooLongError as error:
                self.meter.count(error.read)
                raise
            return _under(keys, await self._admit(rows, fetch.layout), fetch.grouped_at)

        found: list[Admitted] = await self._loader(place, load).load(key)
        return found

    async def page_rows(self, fetch: PageOf, keys: Sequence[int] | None, span: Span) -> Sequence[Row]:
        """The rows of a page as they are read, of each of the parents if there are any; filters looked up first."""
        if keys is not None and not keys:
            return []
        parameters = self.parameters
        for name, value in span.given:
            parameters = parameters | await self._compared(fetch.criteria[name], value, keys)
        return await fetch.rows(keys, span, parameters)

    async def _compared(self, criterion: Criterion, value: Any, owners: Sequence[int] | None) -> dict[str, Any]:
        """The parameters of one criterion: a sealed value is looked up in the key store, found or not (G7)."""
        if criterion.comparison.lookup is None:
            return {criterion.parameter: value}
        found = await self.store.keys.lookups.find_all(criterion.comparison.lookup, value)
        return slots_of(criterion.parameter, found, owners)

    async def page_under(self, place: Hashable, fetch: PageOf, key: int, span: Span) -> tuple[list[Admitted], bool]:
        """A page of one parent's rows, and whether more follow; parents share a statement."""

        async def load(keys: list[int]) -> list[tuple[list[Admitted], bool]]:
            groups = fetch.grouped(await self.page_rows(fetch, keys, span))
            return [await self._trimmed(groups.get(key, ()), fetch, span) for key in keys]

        found: tuple[list[Admitted], bool] = await self._loader((place, span), load).load(key)
        return found

    async def page(self, fetch: PageOf, span: Span) -> tuple[list[Admitted], bool]:
        """A page of the rows of a table that the purpose may read, and whether more follow."""
        rows, more = await self.standing(fetch, span)
        return await self._admit(rows, fetch.layout), more

    async def standing(self, fetch: PageOf, span: Span) -> tuple[list[Row], bool]:
        """Like `page`, as plain rows whose owners are tracked.

        Rows of erased customers (R35) are replaced by later ones, since an empty page would have no cursor to continue
        from. It takes one statement, and one more whenever rows were dropped.
        """
        at, known = fetch.layout.owner_at, self.revealed.known
        standing: list[Row] = []
        left = span
        while True:
            rows = await self.page_rows(fetch, None, left)
            page, more = rows[: left.limit], len(rows) > left.limit
            await self.revealed.add_owners(row[at] for row in page)
            standing += [row for row in page if known[row[at]] is not None]
            if not more or len(standing) == span.limit:
                return span.ordered(standing), more
            left = left.beyond(page[-1][0]).rest(span.limit - len(standing))

    async def _trimmed(self, rows: Sequence[Row], fetch: PageOf, span: Span) -> tuple[list[Admitted], bool]:
        """Cut the row beyond the page, which only shows that more follow; its owner is not tracked."""
        page, more = span.trimmed(rows)
        return await self._admit(page, fetch.layout), more

    async def rows_by(self, fetch: ByKey | ByIndex | ByIndexes | ByInvoice, key: Any) -> Sequence[Row]:
        """The row that a look-up names: by its id, by a blind index, or by the number of an invoice."""
        if isinstance(fetch, ByKey):
            return await fetch.rows([key], self.parameters)
        if isinstance(fetch, ByIndexes):
            return await fetch.rows(await self.store.keys.lookups.find_some(fetch.kind, key), self.parameters)
        return await (self.looked_up(fetch, key) if isinstance(fetch, ByIndex) else fetch.rows(key, self.parameters))

    async def found_by(self, fetch: ByKey | ByIndex | ByIndexes | ByInvoice, key: Any) -> list[Admitted]:
        """Like `rows_by`, if the guard admits the row."""
        return await self._admit(await self.rows_by(fetch, key), fetch.layout)

    async def found(self, fetch: ByIndex, value: str) -> list[Admitted]:
        """The row of a look-up value, by blind index: the value itself is in no SQL statement."""
        return await self.located(fetch, self.store.keys.blind_index(fetch.kind, value))

    async def located(self, fetch: ByIndex, index: bytes) -> list[Admitted]:
        """The row of a blind index."""
        return await self._admit(await self.looked_up(fetch, index), fetch.layout)

    async def looked_up(self, fetch: ByIndex, index: bytes) -> Sequence[Row]:
        """Like `located`, as plain rows: one statement in the key store and one in the data, found or not (G7)."""
        return await fetch.rows(await self.store.keys.lookups.find(fetch.kind, index), self.parameters)

    async def _admit(self, rows: Sequence[Row], layout: Layout) -> list[Admitted]:
        """The rows that the guard admits, counted."""
        admitted = await self.revealed.admit(rows, layout)
        self.meter.count(len(admitted))
        return admitted

    def _loader(self, place: Hashable, load: Any) -> DataLoader[int, Any]:
        if place not in self._loaders:
            # Without a batch limit: one statement per level, whatever the number of keys.
            self._loaders[place] = DataLoader(load, max_batch_size=None)
        return self._loaders[place]


def _under(keys: Sequence[int], admitted: Sequence[Admitted], at: int) -> list[list[Admitted]]:
    groups: dict[int, list[Admitted]] = {key: [] for key in keys}
    for each in admitted:
        groups[each[0][at]].append(each)
    return [groups[key] for key in keys]
