"""Checks database URLs of the settings: of a known kind, and never unencrypted over a network by accident."""

from __future__ import annotations

from ipaddress import ip_address

from store.sql.addresses import Address

ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
IN_THE_CLEAR = "disable"
"""`sslmode=disable`: an explicit decision, unlike libpq's default `prefer`, which falls back silently."""


def parse_database_url(value: str) -> str:
    """The URL; ValueError if it is neither SQLite nor PostgreSQL, or a remote PostgreSQL without an `sslmode`."""
    if not value.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("use sqlite:///FILE or postgresql://USER@HOST/NAME")
    if value.startswith("postgresql://"):
        _check_transport(value)
    return value


def parse_maintenance_url(value: str) -> str:
    """The URL for the role that owns the tables: empty, or PostgreSQL; ValueError as in `parse_database_url`."""
    if value and not value.startswith("postgresql://"):
        raise ValueError("use postgresql://OWNER@HOST/NAME")
    return parse_database_url(value) if value else value


def _check_transport(value: str) -> None:
    address = Address.parse(value)
    mode = address.url.query.get("sslmode", "")
    if not isinstance(mode, str):
        raise ValueError("give sslmode once")
    if not any(_is_remote(host) for host, _ in address.hosts) or mode in ENCRYPTED | {IN_THE_CLEAR}:
        return
    raise ValueError(
        "PostgreSQL is on another machine, and the address asks for no encryption: add ?sslmode=verify-full "
        "(or sslmode=require; sslmode=disable says that passwords and data may travel in the clear)"
    )


def _is_remote(host: str) -> bool:
    """True unless it is a Unix socket's folder or this machine."""
    if not host or host.startswith(("/", "@")) or host.lower() == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True  # A name may resolve to any machine.
