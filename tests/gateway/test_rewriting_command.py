"""`gateway db upgrade` says what became of values in a former form, and nobody is served before (F5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.config import StoreConfig
from store.migrate import upgrade
from tests.gateway.servers import command
from tests.store.former_secrets import bring_back
from tests.store.test_rewriting import are_written_anew, filled

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
