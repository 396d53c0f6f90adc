"""A backup that was taken before an erasure brings nothing back (R35, D5)."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from store.database.config import StoreConfig
from store.database.store import open_store
from store.ledger.sealer import Tree
from tests.erasure.house import REQUEST, House, opened_box, opened_house
from tests.promises.gate import Gate, own
from workers.certificates.certificates import verified
from workers.erasure.redoing import redo_certified

pytestmark = pytest.mark.anyio
only_sqlite = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)

SETS = [("database",), ("key_store",), ("database", "key_store")]


def files(config: StoreConfig, which: tuple[str, ...]) -> list[Path]:
    """The database files, with what belongs to them."""
    found = []
    for name in which:
        path: Path = getattr(config, name).path
        found += sorted(path.parent.glob(f"{path.name}*"))
    return found


def restore(config: StoreConfig, which: tuple[str, ...], backup: Path) -> None:
    """Put the files of the backup in the place of those of today."""
    for path in files(config, which):
        path.unlink()
    for path in backup.iterdir():
        if path.is_file():
            shutil.copy(path, config.root_key_path.parent / path.name)


@asynccontextmanager
async def reopened(config: StoreConfig, before: House, now: datetime) -> AsyncIterator[House]:
    """A new process on the restored files."""
    store, tree = await open_store(config), Tree.at(config.ledger)
    try:
        gate = Gate(store, before.gate.people, before.gate.ids)
        gate.clock.now = now
        async with opened_box() as box:
            yield House(gate, tree, box)
    finally:
        await tree.close()
        await store.close()


@only_sqlite
@pytest.mark.parametrize("restored", SETS, ids="+".join)
async def test_no_value_comes_back(store_config: StoreConfig, tmp_path: Path, restored: tuple[str, ...]) -> None:
    """The data alone is unreadable; the keys alone are destroyed again; of both, the certificate tells."""
    async with opened_house(store_config, 2) as house:
        await house.end_services(0)
        await house.keys.signing()  # A ledger has been signed long before anybody is erased.
    for path in files(store_config, restored):
        shutil.copy(path, tmp_path / path.name)
    async with reopened(store_config, house, house.gate.clock.now) as again:
        await again.ask(REQUEST, 0)
        again.wait(days=5)
        row = await again.until_done(0)
        now = again.gate.clock.now
        keys = [key.verifier for key in await again.keys.all()]
    restore(store_config, restored, tmp_path)
    person = house.gate.people[0]
    async with reopened(store_config, house, now) as back:
        if restored == ("database", "key_store"):
            assert (await back.left(0)).keys() > {"customers"}
            marks = [bytes.fromhex(verified(row.certificate, keys)["keyFingerprint"])]
            assert await redo_certified(back.store, marks, now) == 1
        shown = await back.gate.ask("{ me { fullName email phone } }", own(back.gate.ids[0]))
        if restored != ("key_store",):
            for value in (person.email, person.phone):
                assert value is None or value.encode() not in shown.raw
        await back.work()
        assert set(await back.left(0)) <= {"erasures"}
        assert await back.store.keys.subjects([back.gate.ids[0]]) == [None]
        assert (await back.row(0)).state == "ERASED"
        others = await back.gate.ask("{ me { email } }", own(back.gate.ids[1]))
        assert others.data["me"]["email"] == house.gate.people[1].email
