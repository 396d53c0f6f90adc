"""Writes tiny databases of places in the MaxMind DB format, version 2.0, so that no test needs a real one."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

MARK = b"\xab\xcd\xefMaxMind.com"


def write(path: Path, places: Mapping[str, Mapping[str, Any]], built: int = 1_700_000_000) -> Path:
    """A database of networks (IPv4 or IPv6) and what is known of each."""
    tree: list[list[Any]] = [[None, None]]
    for network, record in places.items():
        _insert(tree, _bits(network), record)
    data, offsets = b"", {}
    for record in places.values():
        offsets[id(record)] = len(data)
        data += _encoded(record)
    count = len(tree)
    nodes = b"".join(_record(left, count, offsets) + _record(right, count, offsets) for left, right in tree)
    about = {
        "node_count": count, "record_size": 32, "ip_version": 6, "binary_format_major_version": 2,
        "binary_format_minor_version": 0, "database_type": "Test", "build_epoch": built,
        "languages": ["en"], "description": {"en": "made by a test"},
    }  # fmt: skip
    path.write_bytes(nodes + b"\0" * 16 + data + MARK + _encoded(about))
    return path


def _bits(network: str) -> list[int]:
    parsed = ip_network(network)
    value, length = int(parsed.network_address), parsed.prefixlen
    if parsed.version == 4:
        length += 96  # IPv4 addresses stand below ::/96.
    return [value >> (127 - at) & 1 for at in range(length)]


def _insert(tree: list[list[Any]], bits: list[int], record: Any) -> None:
    node = 0
    for bit in bits[:-1]:
        if tree[node][bit] is None:
            tree.append([None, None])
            tree[node][bit] = len(tree) - 1
        node = tree[node][bit]
    tree[node][bits[-1]] = record


def _record(value: Any, count: int, offsets: dict[int, int]) -> bytes:
    if value is None:
        return struct.pack(">I", count)
    return struct.pack(">I", value if isinstance(value, int) else count + 16 + offsets[id(value)])


def _encoded(value: Any) -> bytes:
    """The data types that are needed here: map 7, text 2, double 3, unsigned 32 bits 6, array 11."""
    if isinstance(value, str):
        return _control(2, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return _control(3, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        return _control(6, 4) + struct.pack(">I", value)
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(_encoded, value))
    return _control(7, len(value)) + b"".join(_encoded(k) + _encoded(v) for k, v in value.items())


def _control(kind: int, size: int) -> bytes:
    small, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([small, kind - 7]) + more if kind > 7 else bytes([kind << 5 | small]) + more
