"""What is left of somebody in files: every particular, in the spellings in which bytes hide."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

SHORTEST = 6
"""Bytes from which a value is found by itself, and not by chance."""

EMPTY = re.compile(rb"\0{64,}")


def spellings(value: bytes) -> set[bytes]:
    """Bytes as they are, in hexadecimal, and in base64 wherever in a text they begin."""
    found = {value, value.hex().encode(), value.hex().upper().encode()}
    for before in range(3):
        first, last = (before * 8 + 5) // 6, (before + len(value)) * 8 // 6
        if last - first >= SHORTEST:
            for encode in (b64encode, urlsafe_b64encode):
                found.add(encode(bytes(before) + value + bytes(3))[first:last])
    return found


def of_text(text: str) -> set[bytes]:
    """A text in UTF-8 and in UTF-16 of either order, which are one but for a byte at an end; and these likewise."""
    assert len(text) >= SHORTEST and text.encode("latin-1"), text
    return {each for encoded in (text.encode(), text.encode("utf-16-le")[:-1]) for each in spellings(encoded)}


class Remains:
    """What to look for: each needle with the name of what it is a spelling of."""

    def __init__(self, texts: Mapping[str, str], resting: Mapping[str, bytes]) -> None:
        """`resting` is what stands in the databases as it is: sealed values, wrapped keys, indexes, hashes."""
        self._needles = {each: name for name, text in texts.items() for each in of_text(text)}
        for name, value in resting.items():
            found = value.hex().encode()
            self._needles |= dict.fromkeys((value, found, found.upper()), name)

    def within(self, content: bytes) -> set[str]:
        """The names of what is found."""
        content = EMPTY.sub(bytes(64), content)
        return {name for needle, name in self._needles.items() if needle in content}

    def in_files(self, files: Iterable[Path]) -> dict[str, set[str]]:
        """Which are in which files; files that are alike (PostgreSQL's catalogues) are looked at once."""
        seen, found = set[bytes](), dict[str, set[str]]()
        for path in files:
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue  # A server may remove files of its own at any moment.
            mark = sha256(content).digest()
            if mark not in seen and (names := self.within(content)):
                found[str(path)] = names
            else:
                seen.add(mark)
        return found
