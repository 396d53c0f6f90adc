"""Ids and cursors of the stores that are measured: their key is known, so that questions can be written beforehand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.clients import BILLING
from store.crypto.cursors import Cursors, ListPlace
from store.crypto.global_ids import GlobalIds
from store.crypto.root_key import RootKeys

KEY = bytes(32)
IDS = GlobalIds({1: KEY}, 1)
CURSORS = Cursors({1: KEY}, 1)
PAGES = ListPlace(BILLING, None, "Query.customers")
"""The one list whose pages are asked for."""


def customer(id_: int) -> str:
    """A customer's id."""
    return IDS("Customer", id_, id_)


def after(id_: int) -> str:
    """The cursor of a customer in the list."""
    return CURSORS.sealer(PAGES)(id_)


def number(text: str) -> str | None:
    """The number in an id or a cursor; None for other texts."""
    found = IDS.decode(text)
    if found is not None:
        return str(found.key)
    key = CURSORS.open(PAGES, text)
    return None if key is None else str(key)


def set_key(keys: Path, root: RootKeys) -> None:
    """Put the key into a key store that has made one of its own."""
    name = "global-ids-1"
    version, wrapped = root.wrap(f"system:{name}", KEY)
    with closing(sqlite3.connect(keys, isolation_level=None)) as connection:
        change = "UPDATE system_keys SET root_version = ?, wrapped = ? WHERE name = ?"
        connection.execute(change, (version, wrapped, name))
