"""The machine and the versions that a measurement was made with; nothing that tells whose machine it is."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.postgres import memory_mb

LIBRARIES = (
    "uvicorn", "uvloop", "httptools", "starlette", "strawberry-graphql", "graphql-core", "SQLAlchemy", "asyncpg",
    "cryptography", "orjson", "msgspec", "joserfc",
)  # fmt: skip


def facts() -> dict[str, str]:
    """What a reader needs to judge the figures, by name."""
    return {
        "Date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "CPU": _model(),
        "Cores": str(os.cpu_count()),
        "Memory": f"{memory_mb() / 1024:.0f} GiB",
        "System": f"{platform.system()} {platform.release().partition('-')[0]}, {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "SQLite": sqlite3.sqlite_version,
        "Load generator": "wrk, one thread",
        "Libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    }


def _model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
