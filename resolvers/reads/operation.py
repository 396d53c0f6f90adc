"""One operation's reading: the store, the person it is bound to, and what it has revealed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiodataloader import DataLoader

from messages.catalogue import translate
from resolvers.commands.context import CommandContext, Result, Run
from resolvers.commands.idempotency import once
from resolvers.reads.fetches import ByIndex, ByKey, PageOf, Row
from resolvers.reads.filters import NOW, SUBJECT
from resolvers.reads.guard import Judge, SubjectTracker
from store.crypto.cursors import Cursors
from store.crypto.global_ids import GlobalIds
from store.crypto.subject_key import SubjectKey
from store.database.store import Store

Admitted = tuple[Row, SubjectKey]


def _told(result: Result, language: str) -> Result:
    """The same with its problems in the caller's language."""
    if not result.problems:
        return result
    problems = (replace(each, message=translate(each.message, language)) for each in result.problems)
    return replace(result, problems=tuple(problems))


class OperationContext:
    """Lives as long as one operation; nothing in it is shared between requests."""

    __slots__ = ("_loaders", "desk", "failed", "parameters", "performed", "revealed", "store")

    def __init__(
        self,
        store: Store,
        subject: int | None,
        now: datetime,
        desk: CommandContext | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.store = store
        self.desk = desk
        self.performed: dict[str, Result] = {}
        """What commands have answered, by response key."""
        self.failed: dict[str, Exception] = {}
        """Commands that broke off: how much of them was done nobody knows, so they are not tried again."""
        self.parameters: dict[str, Any] = {SUBJECT: subject, NOW: now}
        self.revealed = SubjectTracker(store.keys, judge)
        self._loaders: dict[Hashable, DataLoader[int, Any]] = {}

    @property
    def ids(self) -> GlobalIds:
        """The ids that the world outside sees."""
        return self.store.keys.house.ids

    @property
    def cursors(self) -> Cursors:
        """The cursors of pages."""
        return self.store.keys.house.cursors

    async def perform(self, key: str, run: Run, given: Mapping[str, Any]) -> Result:
        """Carry out a command once, however often its answer is made: what was done is not done again.

        What a command shows of its own making, such as a secret, is read from no row: whose it is is noted here.
        """
        if self.desk is None:
            raise LookupError("commands need a desk")
        if self.desk.grant.subject is not None:
            await self.revealed.learn([self.desk.grant.subject])
        if key in self.failed:
            raise self.failed[key]
        if key not in self.performed:
            desk = self.desk
            work = run(desk, given) if desk.key is None else once(desk, desk.key, key, run, given)
            try:
                self.performed[key] = _told(await work, desk.language)
            except Exception as error:
                self.failed[key] = error
                raise
        self.revealed.disclosed.update(self.performed[key].disclosed)
        return self.performed[key]

    async def related(self, place: Hashable, fetch: ByKey, key: int) -> list[Admitted]:
        """The rows under one key; all keys that arrive in the same turn of the loop share one statement."""

        async def load(keys: list[int]) -> list[list[Admitted]]:
            rows = await fetch.rows(keys, self.parameters)
            return _under(keys, await self.revealed.admit(rows, fetch.layout), fetch.grouped_at)

        found: list[Admitted] = await self._loader(place, load).load(key)
        return found

    async def page_under(
        self, place: Hashable, fetch: PageOf, key: int, after: int | None, limit: int
    ) -> tuple[list[Admitted], bool]:
        """A page of one parent's rows, and whether more follow; parents share one statement."""

        async def load(keys: list[int]) -> list[tuple[list[Admitted], bool]]:
            rows = await fetch.rows(keys, after, limit, self.parameters)
            groups = fetch.grouped(rows)
            return [await self._trimmed(groups.get(key, ()), fetch, limit) for key in keys]

        found: tuple[list[Admitted], bool] = await self._loader((place, after, limit), load).load(key)
        return found

    async def page(self, fetch: PageOf, after: int | None, limit: int) -> tuple[list[Admitted], bool]:
        """A page of the whole table that the purpose may read, and whether more follow."""
        rows, more = await self.standing(fetch, after, limit)
        return await self.revealed.admit(rows, fetch.layout), more

    async def standing(self, fetch: PageOf, after: int | None, limit: int) -> tuple[list[Row], bool]:
        """The same as bare rows, their owners noted.

        Where an owner's key is gone (R35) the next rows take the place: a page that came out empty would have no
        cursor to read on from. So it is one statement, and one more for each gap.
        """
        at, known = fetch.layout.owner_at, self.revealed.known
        standing: list[Row] = []
        while True:
            wanted = limit - len(standing)
            rows = await fetch.rows(None, after, wanted, self.parameters)
            page, more = rows[:wanted], len(rows) > wanted
            await self.revealed.learn(row[at] for row in page)
            standing += [row for row in page if known[row[at]] is not None]
            if not more or len(standing) == limit:
                return standing, more
            after = page[-1][0]

    async def _trimmed(self, rows: Sequence[Row], fetch: PageOf, limit: int) -> tuple[list[Admitted], bool]:
        """The row beyond the page only says that more follow: nobody is told of it, and nobody is noted for it."""
        return await self.revealed.admit(rows[:limit], fetch.layout), len(rows) > limit

    async def found(self, fetch: ByIndex, value: str) -> list[Admitted]:
        """The customer whose e-mail, number or domain this is, by blind index: the value never reaches the SQL."""
        return await self.located(fetch, self.store.keys.blind_index(fetch.kind, value))

    async def located(self, fetch: ByIndex, index: bytes) -> list[Admitted]:
        """The same by the index itself."""
        return await self.revealed.admit(await self.looked_up(fetch, index), fetch.layout)

    async def looked_up(self, fetch: ByIndex, index: bytes) -> Sequence[Row]:
        """The same as bare rows: one read of the key store, then one of the data, whoever is found."""
        return await fetch.rows(await self.store.keys.lookups.find(fetch.kind, index), self.parameters)

    def _loader(self, place: Hashable, load: Any) -> DataLoader[int, Any]:
        if place not in self._loaders:
            self._loaders[place] = DataLoader(load, max_batch_size=None)
        return self._loaders[place]


def _under(keys: Sequence[int], admitted: Sequence[Admitted], at: int) -> list[list[Admitted]]:
    groups: dict[int, list[Admitted]] = {key: [] for key in keys}
    for each in admitted:
        groups[each[0][at]].append(each)
    return [groups[key] for key in keys]
