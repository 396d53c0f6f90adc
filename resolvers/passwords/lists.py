"""Lists of refused passwords: files of sorted SHA-1 prefixes, searched on disk by bisection.

A file is `PWLIST1`, the width (1 byte), the count (8 bytes, big-endian), then that many prefixes of that width in
ascending order. With prefixes of 8 bytes and 10⁹ listed passwords, a false positive has a probability of about 5·10⁻¹¹.
"""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterable
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Protocol
from weakref import finalize

log = logging.getLogger("gateway.signin")

MAGIC = b"PWLIST1"
HEAD = struct.Struct(">7sBQ")
SHIPPED = Path(__file__).parents[1] / "data" / "common_passwords.bin"


class PasswordListError(Exception):
    """A password list cannot be read or written; the message has advice."""


class Listed(Protocol):
    """A list of passwords to refuse."""

    def holds(self, texts: Iterable[str]) -> bool:
        """True if one of these is listed."""
        ...


def digest(text: str) -> bytes:
    """SHA-1 of the UTF-8 text, the form of public lists of compromised passwords."""
    return sha1(text.encode(errors="replace"), usedforsecurity=False).digest()


class PasswordList:
    """One file, searched by a few small reads. It stays open when another file replaces it. It is not mapped into
    memory, since truncating a mapped file kills the process (SIGBUS)."""

    def __init__(self, path: Path) -> None:
        """Open the file; PasswordListError if it is no password list."""
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            # Closed when the last user is gone: a replaced list may still be in use by a thread.
            finalize(self, os.close, self._file)
            size, head = os.fstat(self._file).st_size, os.pread(self._file, HEAD.size, 0)
        except OSError as error:
            raise PasswordListError(f"{path} cannot be read as a list of passwords: {_BUILD}") from error
        magic, self._width, self.count = HEAD.unpack(head) if len(head) == HEAD.size else (b"", 0, 0)
        if magic != MAGIC or not 4 <= self._width <= 20 or size != HEAD.size + self._width * self.count:
            raise PasswordListError(f"{path} is no list of passwords, or was cut short: {_BUILD}")

    def holds(self, texts: Iterable[str]) -> bool:
        """True if one of these is listed."""
        return any(self._has(digest(text)[: self._width]) for text in texts)

    def _has(self, wanted: bytes) -> bool:
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self._at(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low < self.count and self._at(low) == wanted

    def _at(self, place: int) -> bytes:
        # pread() has no shared position, so threads can search at the same time.
        return os.pread(self._file, self._width, HEAD.size + place * self._width)


_BUILD = "make it with `gateway passwords build FILE`."


class ReplaceableList:
    """The operator's list, which may be replaced at any time; checked whenever a password is set."""

    def __init__(self, path: Path) -> None:
        """Open the file; PasswordListError if it is no list, so that a misconfiguration does not go unnoticed."""
        self._path = path
        self._seen = self._state()
        self._list = PasswordList(path)

    def holds(self, texts: Iterable[str]) -> bool:
        """True if one of these is in the present file."""
        seen = self._state()
        # A missing file is a replacement in progress: the earlier one stays in use.
        if seen is not None and seen != self._seen:
            self._seen = seen
            try:
                self._list = PasswordList(self._path)
            except PasswordListError:  # The earlier file, which is still open, stays in use.
                log.warning("the new list of compromised passwords cannot be read; the earlier one is used")
        return self._list.holds(texts)

    def _state(self) -> tuple[int, int, int] | None:
        try:
            about = os.stat(self._path)
        except OSError:
            return None
        # The inode, since a rename can bring a file with an older time.
        return about.st_ino, about.st_mtime_ns, about.st_size


@cache
def shipped() -> PasswordList:
    """The list of common passwords shipped with the gateway; `data/NOTICE` names its sources."""
    return PasswordList(SHIPPED)
