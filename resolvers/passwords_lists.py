"""Lists of passwords that are refused, as files of sorted SHA-1 prefixes: searched where they lie, never read whole.

A file is `PWLIST1`, one byte of width, eight bytes of count (big-endian), then that many prefixes of that width in
ascending order. With 8 bytes a prefix, one of a thousand million listed passwords is mistaken for another text once in
ten thousand million tries.
"""

from __future__ import annotations

import logging
import mmap
import os
import struct
from collections.abc import Iterable
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Protocol

log = logging.getLogger("gateway.signin")

MAGIC = b"PWLIST1"
HEAD = struct.Struct(">7sBQ")
SHIPPED = Path(__file__).with_name("data") / "common_passwords.bin"


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
    """One file of the form above. It stays readable when another one takes its name."""

    def __init__(self, path: Path) -> None:
        """PasswordListError when it is no such file."""
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise PasswordListError(f"{path} cannot be read as a list of passwords: {_BUILD}") from error
        head = self._bytes[: HEAD.size]
        magic, self._width, self.count = HEAD.unpack(head) if len(head) == HEAD.size else (b"", 0, 0)
        whole = HEAD.size + self._width * self.count
        if magic != MAGIC or not 4 <= self._width <= 20 or len(self._bytes) != whole:
            raise PasswordListError(f"{path} is no list of passwords, or was cut short: {_BUILD}")

    def holds(self, texts: Iterable[str]) -> bool:
        """Whether one of these is listed."""
        return any(self._has(digest(text)[: self._width]) for text in texts)

    def _has(self, wanted: bytes) -> bool:
        low, high, width = 0, self.count, self._width
        while low < high:
            middle = (low + high) // 2
            at = HEAD.size + middle * width
            if self._bytes[at : at + width] < wanted:
                low = middle + 1
            else:
                high = middle
        at = HEAD.size + low * width
        return low < self.count and self._bytes[at : at + width] == wanted


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
