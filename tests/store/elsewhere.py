"""Runs a small program of the tests in a process of its own, to be killed or to be a second replica."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from store.database.config import StoreConfig
from tests.fork_server import ForkedPopen

ROOT = Path(__file__).parents[2]


def start(
    program: str, config: StoreConfig, *arguments: str, package: str = "store", **options: Any
) -> subprocess.Popen[str]:
    """Start `tests/<package>/<program>.py` with the address of a store; what it prints can be read from `.stdout`."""
    where = json.dumps(asdict(config), default=str)
    command = [f"tests.{package}.{program}", where, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return ForkedPopen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, **options)


def main(work: Callable[[StoreConfig, list[str]], Awaitable[None]]) -> None:
    """What such a program calls: run the work on the store it was told of."""
    where = json.loads(sys.argv[1])
    config = StoreConfig(**where | {"root_key_path": Path(where["root_key_path"])})
    asyncio.run(work(config, sys.argv[2:]))  # type: ignore[arg-type]


def say(text: object) -> None:
    """Print a line that the parent can read before the process is killed."""
    os.write(1, f"{text}\n".encode())
