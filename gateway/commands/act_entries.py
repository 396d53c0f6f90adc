"""Writes the ledger entries of an operator's command, before the command itself opens the store (G17)."""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import click

from gateway.commands.common import errors_as_sentences
from gateway.config import settings
from gateway.config.settings import Settings, SettingsError
from gateway.http import server
from gateway.run.stores import store_config
from resolvers.registers.staff import Staff, StaffError
from store.accesses.acts import KEY, ActEntry, entry_of, pseudonym_of
from store.database.store import Store, open_store
from store.sql.errors import StoreUnavailableError

log = logging.getLogger("gateway")


@dataclass(frozen=True, slots=True)
class ActRecorder:
    """Records one run of a command: the operator, and the id that its entries share."""

    act: str
    staff: str | None
    operator: str
    id: str

    def append(self, state: str, target: str | None = None, details: tuple[str, ...] = ()) -> None:
        """Append one entry, durably; ends the command if that fails, or if the staff code is not registered."""
        found = _settings()
        if found is None:
            return  # The command itself will report the wrong settings, and do nothing.
        try:
            with errors_as_sentences():
                server.run(self._on_store(found, state, target, details))
        except StaffError as refused:
            raise click.ClickException(str(refused)) from None

    def started(self, widening: Sequence[str]) -> None:
        """Record the start of a process with changed `widening` settings: their names and a keyed hash of each value.

        A store that is down does not stop the start; the log then says that there is no entry.
        """
        found = _settings()
        if found is None or found.demo or not (changed := _changed(found, widening)):
            return
        try:
            server.run(self._started(found, changed))
        except StoreUnavailableError as outage:
            log.warning("the settings of this start are in no entry of the ledger: %s", outage.reason)

    async def _started(self, found: Settings, changed: Sequence[tuple[str, Any]]) -> None:
        # reindexing: `db upgrade` and `db reindex` must be recorded although other commands are refused before them.
        store = await open_store(store_config(found), reindexing=True)
        try:
            # A hash suffices to see that a value changed; keyed, since the few plausible values could be tried (D10).
            key = await store.keys.system.named(KEY)
            marks = (hmac.digest(key, f"{name}={value}".encode(), sha256).hex()[:16] for name, value in changed)
            details = tuple(f"{name}={mark}" for (name, _), mark in zip(changed, marks, strict=True))
            await self._write(store, "BEGUN", None, details)
        finally:
            await store.close()

    async def _on_store(self, found: Settings, state: str, target: str | None, details: tuple[str, ...]) -> None:
        # reindexing: `db upgrade` and `db reindex` must be recorded although other commands are refused before them.
        store = await open_store(store_config(found), reindexing=True)
        try:
            if self.staff is not None and state == "BEGUN":
                await Staff(store).require(self.staff)
            await self._write(store, state, target, details)
        finally:
            await store.close()

    async def _write(self, store: Store, state: str, target: str | None, details: tuple[str, ...]) -> None:
        operator = await pseudonym_of(store.keys.system, self.operator)
        now = datetime.now(UTC)
        await store.ledger.append(
            entry_of(ActEntry(self.id, now, self.act, state, operator, self.staff, target, details))
        )


def _settings() -> Settings | None:
    try:
        return settings.read(os.environ)
    except SettingsError:
        return None


def _changed(found: Settings, names: Sequence[str]) -> list[tuple[str, Any]]:
    """The settings of these names that differ from their defaults, with their values."""
    known = {each.metadata["name"]: each for each in fields(found)}
    return [
        (name, getattr(found, known[name].name))
        for name in names
        if name in known
        and known[name].metadata["default"] is not None
        and getattr(found, known[name].name) != known[name].metadata["parse"](known[name].metadata["default"])
    ]
