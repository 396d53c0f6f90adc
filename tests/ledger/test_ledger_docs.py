"""docs/ledger.md names commands, addresses, settings and functions that exist, and all of them."""

from __future__ import annotations

import importlib
import re
from dataclasses import fields
from pathlib import Path

from gateway.api.transparency import list_routes
from gateway.commands.ledger import ledger
from gateway.config.settings import Settings
from store.database.config import StoreConfig
from store.ledger.tree_tables import ledger_tiles
from store.sql.engines import make_reader

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")


def test_its_commands_are_the_commands() -> None:
    assert set(re.findall(r"gateway ledger ([a-z][a-z-]+)", PAGE)) == set(ledger.commands)


def test_its_addresses_are_the_addresses(tmp_path: Path) -> None:
    reader = make_reader(StoreConfig.local(tmp_path).ledger)
    assert set(re.findall(r"`GET (/ledger/[a-z/-]+)", PAGE)) == {route.path for route in list_routes(reader)}


def test_its_settings_are_settings() -> None:
    assert set(re.findall(r"GATEWAY_[A-Z_]+", PAGE)) <= {each.metadata["name"] for each in fields(Settings)}


def test_its_functions_are_functions() -> None:
    for module, name, attribute in re.findall(r"`(store\.[a-z_]+)\.([A-Z]\w+)(?:\.(\w+))?", PAGE):
        found = getattr(importlib.import_module(module), name)
        assert not attribute or hasattr(found, attribute), attribute


def test_its_tables_are_tables() -> None:
    known = set(ledger_tiles.metadata.tables)
    assert set(re.findall(r"ledger_(?:pending|leaves|tiles|postings|runs|checkpoints)", PAGE)) <= known
