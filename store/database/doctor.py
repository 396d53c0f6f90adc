"""Checks a PostgreSQL server for copies of data that the owner of the tables cannot remove: logs, archives, slots
(D8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from store.database.config import StoreConfig
from store.database.grants import by_database
from store.ledger.entries import ledger_entries
from store.sql.addresses import connect_postgresql
from store.sql.errors import DRIVER_ERRORS, unavailable
from store.sql.metadata import instant
from store.sql.reading import Reader

SETTINGS = """
    SELECT name, setting FROM pg_settings WHERE name IN ('log_statement', 'log_min_duration_statement',
        'log_min_duration_sample', 'log_transaction_sample_rate', 'log_parameter_max_length',
        'log_parameter_max_length_on_error', 'debug_print_parse', 'archive_mode', 'shared_preload_libraries')
"""

SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE NOT active ORDER BY slot_name"

LONG = """
    SELECT pid, backend_type FROM pg_stat_activity
    WHERE backend_xmin IS NOT NULL AND xact_start < now() - interval '1 hour' AND pid <> pg_backend_pid() ORDER BY pid
"""

STATEMENTS = "SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'"


CLOCK = "SELECT clock_timestamp() AS at"

_newest = select(ledger_entries.c.at).order_by(ledger_entries.c.sequence.desc()).limit(1)


async def clock_offset(config: StoreConfig, reader: Reader, now: Callable[[], datetime]) -> timedelta:
    """Return how far this machine's clock is behind the one that differs most from it; negative if it is ahead.

    Each PostgreSQL server's clock is compared. `reader` reads the ledger: an entry of the future was written before the
    clock was set back, or on a machine whose clock is ahead. StoreUnavailableError.
    """
    offsets = [timedelta()]
    for address in by_database(config):
        try:
            connection = await connect_postgresql(address, "gateway-doctor", 5.0)
            try:
                before, at, after = now(), await connection.fetchval(CLOCK), now()
            finally:
                await connection.close()
        except DRIVER_ERRORS as error:
            raise unavailable(error) from None
        offsets.append(at - (before + (after - before) / 2))
    for (at,) in await reader.fetch(reader.prepare(_newest), {}):
        offsets.append(max(timedelta(), instant(at) - now()))
    return max(offsets, key=abs)


async def server_complaints(config: StoreConfig) -> list[str]:
    """Return a sentence for each problem that an operator should fix; none on SQLite. StoreUnavailableError."""
    found = []
    for address in by_database(config):
        try:
            connection = await connect_postgresql(config.maintained(address), "gateway-doctor", 5.0)
            try:
                settings = {row["name"]: row["setting"] for row in await connection.fetch(SETTINGS)}
                slots = [row["slot_name"] for row in await connection.fetch(SLOTS)]
                long = [f"{row['backend_type']} {row['pid']}" for row in await connection.fetch(LONG)]
                statements = await connection.fetchval(STATEMENTS)
            finally:
                await connection.close()
        except DRIVER_ERRORS as error:
            raise unavailable(error) from None
        name = address.url.database
        found += [f"{name}: {each}" for each in (*logged(settings), *kept(settings, slots, long, bool(statements)))]
    return found


def logged(settings: dict[str, str]) -> list[str]:
    """Return the settings by which the server's own log may contain values."""
    found = []
    # -1 turns these settings off; from 0 on statements are logged with their values.
    logs = settings.get("log_statement", "none") in ("mod", "all") or any(
        settings.get(name, "-1") != "-1" for name in ("log_min_duration_statement", "log_min_duration_sample")
    )
    logs = logs or float(settings.get("log_transaction_sample_rate", "0")) > 0
    if logs and settings.get("log_parameter_max_length", "-1") != "0":
        found.append("the server writes values of statements to its log: set log_parameter_max_length = 0")
    if settings.get("log_parameter_max_length_on_error", "0") != "0":
        found.append("the server writes values to its log on errors: set log_parameter_max_length_on_error = 0")
    if settings.get("debug_print_parse", "off") == "on":
        found.append("the server writes parsed statements to its log: set debug_print_parse = off")
    return found


def kept(settings: dict[str, str], slots: list[str], long: list[str], statements: bool) -> list[str]:
    """Return everything else that keeps deleted rows: archives, statement statistics, slots and long snapshots."""
    found = []
    if settings.get("archive_mode", "off") != "off":
        found.append("write-ahead logs are archived: end archives in time, and set GATEWAY_BACKUP_DAYS to say when")
    if statements or "pg_stat_statements" in settings.get("shared_preload_libraries", ""):
        found.append("pg_stat_statements keeps statements; constants typed by hand may be among them")
    found += [f"the replication slot {each} is not used, and may keep what is removed: drop it" for each in slots]
    found += [f"{each} has read for more than an hour, and keeps what is removed" for each in long]
    return found
