"""Relay global ids: the type and the primary key, opaque to clients."""

from __future__ import annotations

from base64 import b64encode
from binascii import Error, a2b_base64

from store.ids import to_global_id

__all__ = ["from_cursor", "from_global_id", "to_cursor", "to_global_id"]

MOST = 2**63 - 1


def from_global_id(text: str) -> tuple[str, int] | None:
    """The type and key of an id that this schema gave out; None for anything else."""
    try:
        type_name, separator, digits = a2b_base64(text.encode("ascii"), strict_mode=True).decode("ascii").partition(":")
    except (UnicodeError, Error, ValueError):
        return None
    if not separator or not (1 <= len(digits) <= 19 and digits.isdigit()) or not 0 < (key := int(digits)) <= MOST:
        return None
    return (type_name, key) if to_global_id(type_name, key) == text else None


def to_cursor(coordinate: str, key: int) -> str:
    """The place of a row in the list of this coordinate."""
    return b64encode(f"after:{coordinate}:{key}".encode()).decode()


def from_cursor(coordinate: str, text: str) -> int | None:
    """The key to read on after; None for a cursor of another list, or none at all."""
    try:
        plain = a2b_base64(text.encode("ascii"), strict_mode=True).decode("ascii")
    except (UnicodeError, Error, ValueError):
        return None
    prefix, digits = f"after:{coordinate}:", plain.rpartition(":")[2]
    if not plain.startswith(prefix) or not (1 <= len(digits) <= 19 and digits.isdigit()):
        return None
    return int(digits) if int(digits) <= MOST and to_cursor(coordinate, int(digits)) == text else None
