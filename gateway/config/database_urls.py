"""Addresses of databases as settings give them: of a known kind, and never over a network in the clear."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
IN_THE_CLEAR = "disable"
"""`sslmode=disable`: whoever writes it into the address has decided so."""


def parse_database_url(value: str) -> str:
    """The address; ValueError for any other kind, and for PostgreSQL over a network unless it says how."""
    if not value.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("use sqlite:///FILE or postgresql://USER@HOST/NAME")
    if value.startswith("postgresql://"):
        _check_transport(value)
    return value


def parse_maintenance_url(value: str) -> str:
    """The address of the owner's role; the same, and PostgreSQL only."""
    if value and not value.startswith("postgresql://"):
        raise ValueError("use postgresql://OWNER@HOST/NAME")
    return parse_database_url(value) if value else value


def _check_transport(value: str) -> None:
    try:
        parts = urlsplit(value)
        query = parse_qs(parts.query, keep_blank_values=True)
        hosts = _hosts(parts.netloc) + [each for text in query.get("host", []) for each in text.split(",")]
    except ValueError:
        raise ValueError("use postgresql://USER@HOST/NAME") from None
    modes = query.get("sslmode", [])
    if len(modes) > 1:
        raise ValueError("give sslmode once")
    if not any(map(_is_remote, hosts)) or (modes and modes[0] in ENCRYPTED | {IN_THE_CLEAR}):
        return
    raise ValueError(
        "PostgreSQL is on another machine, and the address asks for no encryption: add ?sslmode=verify-full "
        "(or sslmode=require; sslmode=disable says that passwords and data may travel in the clear)"
    )


def _hosts(netloc: str) -> list[str]:
    """The hosts of the address, without user, password and ports; none for a socket's default place."""
    named = netloc.rpartition("@")[2]
    found = []
    for each in named.split(","):
        host = each[1:].partition("]")[0] if each.startswith("[") else each.partition(":")[0]
        found.append(unquote(host))
    return found


def _is_remote(host: str) -> bool:
    """Whether it is neither a folder of sockets nor this machine."""
    if not host or host.startswith(("/", "@")) or host.lower() == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True
