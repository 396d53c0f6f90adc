"""Lists of passwords that are refused, as files of sorted SHA-1 prefixes: searched where they lie, never read whole.

A file is `PWLIST1`, one byte of width, eight bytes of count (big-endian), then that many prefixes of that width in
ascending order. With 8 bytes a prefix, one of a thousand million listed passwords is mistaken for another text once in
ten thousand million tries.
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
    """A list of passwords cannot be read or written; the text says what to do."""


class Listed(Protocol):
    """Something that knows passwords to refuse."""

    def holds(self, texts: Iterable[str]) -> bool:
        """Whether one of these is listed."""
        ...


def digest(text: str) -> bytes:
    """What stands for a password in a list, as in public lists of compromised ones: SHA-1 of its UTF-8."""
    return sha1(text.encode(errors="replace"), usedforsecurity=False).digest()


class PasswordList:
    """One file of the form above, searched by a few small reads. It stays readable when another one takes its name, and
    is not mapped into memory, where a file that somebody cuts short would end the process."""

    def __init__(self, path: Path) -> None:
        """PasswordListError when it is no such file."""
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            finalize(self, os.close, self._file)
            size, head = os.fstat(self._file).st_size, os.pread(self._file, HEAD.size, 0)
        except OSError as error:
            raise PasswordListError(f"{path} cannot be read as a list of passwords: {_BUILD}") from error
        magic, self._width, self.count = HEAD.unpack(head) if len(head) == HEAD.size else (b"", 0, 0)
        if magic != MAGIC or not 4 <= self._width <= 20 or size != HEAD.size + self._width * self.count:
            raise PasswordListError(f"{path} is no list of passwords, or was cut short: {_BUILD}")

    def holds(self, texts: Iterable[str]) -> bool:
        """Whether one of these is listed."""
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
        return os.pread(self._file, self._width, HEAD.size + place * self._width)


_BUILD = "make it with `gateway passwords build FILE`."


class ReplaceableList:
    """The operator's list, which may be replaced at any time; looked at whenever a password is set."""

    def __init__(self, path: Path) -> None:
        """PasswordListError when the file is no list: nobody should believe that passwords are compared with it."""
        self._path = path
        self._seen = self._state()
        self._list = PasswordList(path)

    def holds(self, texts: Iterable[str]) -> bool:
        """Whether one of these is listed in the file that is there now."""
        seen = self._state()
        if seen is not None and seen != self._seen:
            self._seen = seen
            try:
                self._list = PasswordList(self._path)
            except PasswordListError:  # The earlier one, which is still open, goes on answering.
                log.warning("the new list of compromised passwords cannot be read; the earlier one is used")
        return self._list.holds(texts)

    def _state(self) -> tuple[int, int, int] | None:
        try:
            about = os.stat(self._path)
        except OSError:
            return None
        return about.st_ino, about.st_mtime_ns, about.st_size


@cache
def shipped() -> PasswordList:
    """The common passwords that come with the gateway; where they are from is in `data/NOTICE`."""
    return PasswordList(SHIPPED)
