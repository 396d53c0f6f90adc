"""Appends or seals without end, and says what was acknowledged or signed; made to be killed, in any number."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import asdict
from itertools import count
from pathlib import Path

from store.database.config import StoreConfig
from store.ledger.batches import SealerLeaseLostError
from store.merkle.merkle_tree import leaf_hash
from tests.fork_server import ForkedPopen
from tests.ledger.logs import Log, WallClock, entry, opened_log
from workers.ledger.worker import Rhythm

ROOT = Path(__file__).parents[2]
HASTE = Rhythm(pause=0.0, lease=0.2, entries=25, seconds=0.05)


def start(role: str, config: StoreConfig, log: Path) -> subprocess.Popen[bytes]:
    """Start one more; what it says goes to the end of a file."""
    where = json.dumps(asdict(config), default=str)
    command = ["tests.ledger.crowd", role, where]
    with log.open("ab") as output:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return ForkedPopen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)


def say(text: str) -> None:
    """One line, whole or not at all."""
    os.write(1, f"{text}\n".encode())


async def append(log: Log, lane: int) -> None:
    """One caller after another of a busy gateway."""
    for number in count():
        content = await log.store.ledger.append(entry(number, lane=lane, process=os.getpid()))
        say(f"entry {leaf_hash(content).hex()}")


async def seal(log: Log) -> None:
    """A sealer that tells what it has published."""
    notary = log.notary()
    while True:
        lease = await log.tree.lease(str(os.getpid()), HASTE.lease)
        if lease is None:
            await asyncio.sleep(0.02)
            continue
        try:
            await log.tree.extend(lease, 40)
        except SealerLeaseLostError:
            say("lost")
            continue
        signed = await notary.sign_if_due((await log.tree.state()).size, HASTE.entries, HASTE.seconds)
        if signed is not None:
            say(f"signed {signed.size} {signed.root.hex()}")


async def main(role: str, config: StoreConfig) -> None:
    """Never ends by itself."""
    async with opened_log(config, WallClock()) as log:
        say(f"ready {role}")
        if role == "append":
            await asyncio.gather(*[append(log, lane) for lane in range(5)])
        else:
            await seal(log)


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    asyncio.run(main(sys.argv[1], StoreConfig(**given | {"root_key_path": Path(given["root_key_path"])})))
