"""What a report over GraphQL is made from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

from audits.reports.reading import Readers
from audits.schema.facts import Facts
from resolvers.commands.context import CommandContext
from schema.audits.printed import own_facts
from schema.model.model import SchemaModel

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class ReportContext:
    """The schema, the databases without the key store, the time, the controller's day, and whether the caller may
    introspect."""

    model: SchemaModel
    readers: Readers
    now: datetime
    day: date
    hints: bool

    @classmethod
    def of(cls, desk: CommandContext, model: SchemaModel) -> ReportContext:
        """Of one operation."""
        readers = Readers(desk.store.reader, desk.store.ledger_reader)
        day = desk.now.astimezone(desk.means.site.zone).date()
        return cls(model, readers, desk.now, day, desk.grant.introspection)

    async def facts(self) -> Facts:
        """What the schema says."""
        return await to_thread(own_facts)


async def to_thread(work: Callable[[], Told]) -> Told:
    """In a thread: a report over the whole schema takes longer than other requests should wait."""
    return await asyncio.to_thread(work)


def plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with the words of enums as words; what was left out or is null is not there."""
    return {name: _plain(value) for name, value in given.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value
