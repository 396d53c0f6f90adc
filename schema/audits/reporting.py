"""The inputs of a report over GraphQL."""

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

Report = TypeVar("Report")


@dataclass(frozen=True, slots=True)
class ReportContext:
    """The schema, readers of the databases (not of the key store), time and day of the controller, and introspection.

    `hints`: whether the caller may introspect, so that errors may suggest names.
    """

    model: SchemaModel
    readers: Readers
    now: datetime
    day: date
    hints: bool

    @classmethod
    def of(cls, command: CommandContext, model: SchemaModel) -> ReportContext:
        """The context of one operation."""
        # Readers without the key store: no report can decrypt anything.
        readers = Readers(command.store.reader, command.store.ledger_reader)
        day = command.now.astimezone(command.dependencies.site.zone).date()
        return cls(model, readers, command.now, day, command.grant.introspection)

    async def facts(self) -> Facts:
        """The facts of the schema."""
        return await to_thread(lambda: own_facts(self.model))


async def to_thread(work: Callable[[], Report]) -> Report:
    """Run in a thread: a report over the whole schema would block the event loop for too long."""
    return await asyncio.to_thread(work)


def plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with enum members as strings; null and absent ones are left out."""
    return {name: _plain(value) for name, value in given.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value
