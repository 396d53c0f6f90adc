"""D8: what the gateway can see of copies that it does not reach, it says at the start and when asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.settings import read
from gateway.run.machine import machine_complaints
from gateway.run.stores import store_config
from store.database.config import StoreConfig
from store.database.doctor import kept, logged, server_complaints
from tests.gateway.servers import command
from tests.stores import Databases


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({}, 0),
        ({"log_statement": "ddl"}, 0),
        ({"log_statement": "all"}, 1),
        ({"log_statement": "mod", "log_parameter_max_length": "0"}, 0),
        ({"log_min_duration_statement": "250"}, 1),
        ({"log_transaction_sample_rate": "0.1"}, 1),
        ({"log_parameter_max_length_on_error": "-1"}, 1),
        ({"debug_print_parse": "on", "log_statement": "all"}, 2),
    ],
)
def test_a_log_of_values_is_named(settings: dict[str, str], count: int) -> None:
    assert len(logged(settings)) == count


def test_archives_statements_slots_and_long_readings_are_named() -> None:
    assert kept({"archive_mode": "off"}, [], [], False) == []
    found = kept({"archive_mode": "on"}, ["standby_1"], ["client backend 7"], True)
    assert len(found) == 4 and "standby_1" in found[2] and "client backend 7" in found[3]


def test_swap_on_a_disk_is_named_and_compressed_memory_is_not(tmp_path: Path) -> None:
    file = tmp_path / "swaps"
    heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
    file.write_text(heading + "/dev/sda2   partition\t8388604\t0\t-2\n/dev/zram0   partition\t100\t0\t5\n")
    (said,) = [each for each in machine_complaints(file) if "swapped" in each]
    assert "/dev/sda2" in said and "zram" not in said
    file.write_text(heading)
    assert not [each for each in machine_complaints(file) if "swapped" in each]
    assert not [each for each in machine_complaints(tmp_path / "none") if "swapped" in each]


@pytest.mark.anyio
@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_a_real_server_is_asked(store_config: StoreConfig, databases: Databases) -> None:
    name = str(store_config.database.url.database)
    await databases.administer(f"ALTER DATABASE \"{name}\" SET log_statement = 'all'")
    try:
        assert any("log_parameter_max_length" in each for each in await server_complaints(store_config))
    finally:
        await databases.administer(f'ALTER DATABASE "{name}" RESET log_statement')
    assert await server_complaints(store_config) == []


def test_the_command_says_what_it_finds(tmp_path: Path) -> None:
    command(("db", "upgrade"), tmp_path)
    done = command(("erasures", "doctor"), tmp_path)
    assert done.returncode == 1 and "GATEWAY_BACKUP_DAYS" in done.stdout
    assert "GATEWAY_BACKUP_DAYS" not in command(("erasures", "doctor"), tmp_path, GATEWAY_BACKUP_DAYS="30").stdout
    assert store_config(read({"GATEWAY_DATABASE_URL": "sqlite:///x"})).database.is_sqlite
