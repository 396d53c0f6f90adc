"""`gateway db upgrade` and `gateway db reindex` tell what two customers share, by ids and exit code (S14)."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.upgrade.reindexing_writing import Collision
from store.upgrade.upgrade import customer_ids
from tests.gateway.servers import command
from tests.store.test_reindexing import TWINS, former_store, person

pytestmark = pytest.mark.anyio


async def test_collisions_are_listed_by_id_and_make_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S14, D1: never an address; again until they are gone."""
    config = StoreConfig.local(tmp_path)
    await upgrade(config)
    ids = await former_store(config, TWINS, monkeypatch)
    outside = await customer_ids(config, [Collision("EMAIL", each, ()) for each in ids])
    for arguments, changed in ((["db", "upgrade"], "2 rows"), (["db", "upgrade"], ""), (["db", "reindex"], "0 rows")):
        done = command(arguments, tmp_path)
        assert done.returncode == 4 and changed in done.stdout, done
        for place in range(3):
            assert outside[ids[place]] in done.stderr
        assert outside[ids[3]] not in done.stderr
        assert "5 values" in done.stderr and "@" not in done.stderr and "cher" not in done.stderr


async def test_without_collisions_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = StoreConfig.local(tmp_path)
    await upgrade(config)
    await former_store(config, [person("a@faß.de")], monkeypatch)
    refused = command(["customers", "import", str(Path(__file__)), "--format", "csv"], tmp_path)
    assert refused.returncode == 3 and "gateway db upgrade" in refused.stderr
    done = command(["db", "upgrade"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and "2 rows are looked up" in done.stdout
    again = command(["db", "upgrade"], tmp_path)
    assert (again.returncode, again.stdout) == (0, "The databases are at this release's version.\n")
