"""`gateway db upgrade` says what became of values in a former form, and nobody is served before (F5)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.commands import keys
from store.crypto.lookup_tables import lookups
from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.sql.engines import transaction
from tests.gateway.servers import command
from tests.store.former_secrets import bring_back
from tests.store.test_rewriting import are_written_anew, bring_keys, filled, take_keys
from tests.stores import opened

pytestmark = pytest.mark.anyio


async def test_values_that_were_written_anew_are_counted_and_told_once(tmp_path: Path) -> None:
    """By their column and number, never by a value (D1)."""
    config = StoreConfig.local(tmp_path)
    await upgrade(config)
    await filled(config, 4)
    former = await bring_back(config)
    refused = command(["customers", "import", str(Path(__file__)), "--format", "csv"], tmp_path)
    assert refused.returncode == 3 and "gateway db upgrade" in refused.stderr
    done = command(["db", "upgrade"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"credentials.password_hash: {len(former.hashes)} values have this release's form.\n" in done.stdout
    assert "$argon2" not in done.stdout
    await are_written_anew(config, former)
    again = command(["db", "upgrade"], tmp_path)
    assert (again.returncode, again.stdout) == (0, "The databases are at this release's version.\n")


async def test_a_key_store_that_lacks_customers_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    """Told by outside ids; once it is restored all is as it was."""
    config = StoreConfig.local(tmp_path)
    await upgrade(config)
    ids = await filled(config, 4)
    former = await bring_back(config)
    taken = await take_keys(config, ids[:1])
    refused = command(["db", "upgrade"], tmp_path)
    assert (refused.returncode, refused.stdout) == (5, "") and "lacks 1 customers" in refused.stderr
    assert "Customer_1" in refused.stderr and str(ids[0]) not in refused.stderr
    assert "5 the key store lacks customers" in command(["db", "upgrade", "--help"], tmp_path).stdout
    await bring_keys(config, taken)
    assert command(["db", "upgrade"], tmp_path).returncode == 0
    await are_written_anew(config, former)


async def test_replacing_the_root_key_tells_of_look_ups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As they are marked anew, and all of them at the end."""
    config = StoreConfig.local(tmp_path)
    await upgrade(config)
    await filled(config, 4)
    async with opened(config) as store, transaction(store.keys.engine) as connection:
        total = await connection.scalar(select(func.count()).select_from(lookups))
    done = command(["keys", "rotate-root"], tmp_path)
    assert done.returncode == 0 and f"and {total} look-ups marked under a new key.\n" in done.stdout
    monkeypatch.setattr(keys, "REPORTS", 0.0)
    counted = keys.ProgressCounter()
    counted(500)
    counted(1_000)
    assert "1,500 look-ups are marked under a new key.\n" in capsys.readouterr().err and counted.total == 1_500


async def test_what_is_lost_is_given_up_only_by_word(tmp_path: Path) -> None:
    config = StoreConfig.local(tmp_path)
    await upgrade(config)
    ids = await filled(config, 4)
    await bring_back(config)
    await take_keys(config, ids[:1])
    done = command(["db", "upgrade", "--accept-loss"], tmp_path)
    assert done.returncode == 0 and "were emptied" in done.stdout
