"""A file of the ledger's signed heads, one in each line, which is only appended to (C2SP tlog-checkpoint)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import orjson

from store.ledger.heads import SignedHead
from store.merkle.checkpoints import Checkpoint
from store.merkle.signed_note import NoteInvalidError
from store.sql.errors import unavailable

TAIL = 256 * 1024
"""Bytes at the end that are read, not only the last line: replicas may write lines out of order."""


class HeadFile:
    """A file on another disk or machine than the ledger's; `chattr +a`, or an append-only mount, protects it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def latest(self) -> SignedHead | None:
        """Return the last head; None if the file does not exist yet. StoreUnavailableError when it cannot be read."""
        return await asyncio.to_thread(self._latest)

    async def remember(self, note: str) -> None:
        """Append a signed checkpoint and fsync; StoreUnavailableError."""
        await asyncio.to_thread(self._append, orjson.dumps({"checkpoint": note}))

    def _latest(self) -> SignedHead | None:
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unavailable(error) from None
        found = [head for head in map(_head, lines) if head is not None]
        if not found:
            return None
        # Within one log the largest head counts, whatever the order of lines; a resumed log has the name of the last
        # line.
        return max((head for head in found if head.origin == found[-1].origin), key=lambda head: head.size)

    def _append(self, line: bytes) -> None:
        try:
            # O_APPEND: replicas that write at the same time do not overwrite each other's line.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # The first newline ends a line that a killed process wrote in part, so that it cannot spoil this one.
                os.write(descriptor, b"\n" + line + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise unavailable(error) from None


def _head(line: bytes) -> SignedHead | None:
    """Parse the head of one line; None for an empty or an incomplete line."""
    try:
        return head_of(orjson.loads(line)["checkpoint"])
    except (orjson.JSONDecodeError, KeyError, TypeError, NoteInvalidError):
        return None


def head_of(note: str) -> SignedHead:
    """Parse the head of a checkpoint, without verifying its signature: the place is trusted. NoteInvalidError."""
    return SignedHead.of(Checkpoint.parse(note.rpartition("\n\n")[0] + "\n"))
