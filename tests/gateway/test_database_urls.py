"""PostgreSQL over a network is encrypted, or the address says outright that it is not (issue 16, item 21)."""

from __future__ import annotations

import pytest

from gateway.config.database_urls import parse_database_url, parse_maintenance_url
from gateway.config.settings import SettingsError, read


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////folder/data.db", "postgresql://u@/db?host=/run/postgresql", "postgresql:///db",
        "postgresql://u:p@localhost/db", "postgresql://u@127.0.0.1:5432/db", "postgresql://u@[::1]:5432/db",
        "postgresql://u@%2Frun%2Fpostgresql/db",
        "postgresql://u@db.example/db?sslmode=verify-full", "postgresql://u@db.example/db?sslmode=require",
        "postgresql://u@10.0.0.7:5432/db?sslmode=verify-ca&sslrootcert=/etc/ca.pem",
        "postgresql://u@db.example/db?sslmode=disable", "postgresql://u@a.example,b.example/db?sslmode=require",
    ],
)  # fmt: skip
def test_what_is_here_or_says_how_is_taken(url: str) -> None:
    assert parse_database_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret@db.example/db", "postgresql://u:secret@10.0.0.7/db", "postgresql://u@[2001:db8::1]/db",
        "postgresql://u@db.example/db?sslmode=prefer", "postgresql://u@db.example/db?sslmode=allow",
        "postgresql://u@db.example/db?sslmode=", "postgresql://u@/db?host=db.example",
        "postgresql://u@localhost,db.example/db", "postgresql://u@localhost/db?host=db.example",
        "postgresql://u@db.example/db?sslmode=require&sslmode=prefer", "postgresql://u@0.0.0.0/db",
        "postgresql://u@localhost.evil.example/db", "mysql://u@localhost/db", "postgresql://u@[bad/db",
    ],
)  # fmt: skip
def test_what_would_travel_in_the_clear_is_refused_at_the_start(url: str) -> None:
    for name in ("GATEWAY_DATABASE_URL", "GATEWAY_KEY_STORE_URL", "GATEWAY_LEDGER_URL", "GATEWAY_MAINTENANCE_URL"):
        with pytest.raises(SettingsError) as refused:
            read({name: url})
        assert name in str(refused.value) and "secret" not in str(refused.value)


def test_the_owner_is_a_role_of_postgresql() -> None:
    assert parse_maintenance_url("") == ""
    with pytest.raises(ValueError):
        parse_maintenance_url("sqlite:///x")
