"""`gateway ledger verify --index`: verifies the index by which customers find the entries about them (D14)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.stores import store_config
from store.ledger.export import LedgerExporter
from store.ledger.index import IndexCheck, IndexReport, entries_of
from store.sql.engines import make_reader


@contextmanager
def exported_now() -> Iterator[Path]:
    """An export of the current ledger in a temporary file, readable only by its owner and deleted after the block."""
    with tempfile.TemporaryDirectory(prefix="gateway-ledger-") as folder:
        path = Path(folder) / "ledger.ndjson"
        with errors_as_sentences():
            server.run(_export(read_settings(), path))
        yield path


async def _export(settings: Settings, path: Path) -> None:
    reader = make_reader(store_config(settings).ledger, 1, deadline=30.0)
    try:
        exporter = LedgerExporter(reader)
        with path.open("wb") as file:
            async for _, page in exporter.pages(await exporter.head()):
                file.write(page)
    finally:
        await reader.close()


def check_index(path: Path) -> IndexReport:
    """Compare the store's index with the entries of a verified export."""
    with errors_as_sentences():
        return server.run(_check(read_settings(), path))


async def _check(settings: Settings, path: Path) -> IndexReport:
    reader = make_reader(store_config(settings).ledger, 1, deadline=30.0)
    try:
        with path.open("rb") as file:
            return await IndexCheck(reader).run(entries_of(file))
    finally:
        await reader.close()
