"""Behind a pooler in transaction mode nothing is set for a session, which the next one would find set."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from sqlalchemy import event

from gateway.cli import gateway
from store.database.config import StoreConfig
from store.database.store import Store
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.outbox import outbox
from tests.stores import opened
from tests.tables import hold_for_all

pytestmark = pytest.mark.anyio

POOLED = {
    "GATEWAY_ISSUER": "https://data.example.com",
    "GATEWAY_DATABASE_POOLER": "transaction",
    "GATEWAY_WORK": "no",
    "GATEWAY_SEAL_LEDGER": "no",
}


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_deleted_rows_are_left_to_the_worker(store_config: StoreConfig, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(replace(store_config, pooled=True)) as store:
        said = _statements(store)
        await store.scrub(outbox)
        await store.scrub_statistics()
        with pytest.raises(StoreUnavailableError) as refused:
            await store.scrub(outbox, must=True)
    assert refused.value.cause is OutageCause.POOLED
    assert caplog.text.count("put off") == 2
    assert said == []


def _statements(store: Store) -> list[str]:
    """What the owner's connections are asked for from now on."""
    said: list[str] = []
    engine = store._parts.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    event.listen(engine, "checkout", lambda *_: said.append("a connection"))
    return said


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
def test_what_works_rather_than_serves_is_refused_with_what_to_do(store_config: StoreConfig) -> None:
    places = {"GATEWAY_DATABASE_URL": store_config.database_url, "GATEWAY_KEY_STORE_URL": store_config.key_store_url}
    environment = POOLED | places | {"GATEWAY_DATA_DIR": str(store_config.root_key_path.parent)}

    def refused(command: str) -> None:
        done = CliRunner().invoke(gateway, command.split(), env=environment)
        assert done.exit_code == 2, done.output
        assert "sessions of the server's own" in done.output and "GATEWAY_DATABASE_POOLER=none" in done.output

    hold_for_all(
        refused,
        zip(
            (
                "worker",
                "ledger seal",
                "ledger seal --watch",
                "ledger rotate-key",
                "ledger resume --because restored",
                "keys rotate-root",
                "db upgrade",
                "db reindex",
            ),
            strict=True,
        ),
    )
    assert CliRunner().invoke(gateway, ["clients", "list"], env=environment).exit_code == 0, "what serves works there"
