"""Builds a password list from words, or from public lists of SHA-1 hashes, in bounded memory.

Each line is a password, or its SHA-1 in hexadecimal with an optional `:count`. Prefixes are sorted in runs of bounded
length, which are written to a temporary file and merged (external merge sort). The result is renamed when complete.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, BinaryIO

from resolvers.passwords.lists import HEAD, MAGIC, PasswordListError, digest
from resolvers.passwords.text import MOST_BYTES, normal, squeezed

WIDTH = 8
RUN = 500_000
"""Prefixes sorted at once: about 30 MB."""
BLOCK = 8_192
"""Prefixes of each run in memory during the merge."""
HEX = frozenset(b"0123456789abcdefABCDEF")
DIGITS = 40


def build(sources: Iterable[BinaryIO], target: Path, width: int = WIDTH) -> int:
    """Write the list of all passwords in these files; returns their number. PasswordListError if it cannot be
    written."""
    prefixes = (each[:width] for source in sources for line in lines_of(source) for each in digests_of(line))
    try:
        # Beside the target, whose disk has room for it, and not in a small /tmp.
        with TemporaryFile(dir=target.parent) as runs:
            ends = _lay_down(prefixes, runs)
            return _merge(runs, ends, target, width)
    except OSError as error:
        raise PasswordListError(f"{target} cannot be written: {error.strerror}.") from error


def lines_of(source: BinaryIO) -> Iterator[bytes]:
    """The lines without line ends; lines too long for a password are skipped without being loaded."""
    most = MOST_BYTES + 2
    while line := source.readline(most + 1):
        if len(line) > most and not line.endswith(b"\n"):
            # Read on to the end of the line in bounded pieces.
            while (rest := source.readline(most)) and not rest.endswith(b"\n"):
                pass
            continue
        if text := line.rstrip(b"\r\n"):
            yield text


def digests_of(line: bytes) -> Iterator[bytes]:
    """The SHA-1 hashes of a line: its own if it is one, else those of the word and of its squeezed form."""
    head, colon, count = line.partition(b":")
    if len(head) == DIGITS and HEX.issuperset(head) and (not colon or count.strip().isdigit()):
        yield bytes.fromhex(head.decode())
        return
    try:
        word = normal(line.decode())
    except UnicodeDecodeError:
        word = normal(line.decode("latin-1"))  # Old lists use a one-byte encoding.
    yield from {digest(each) for each in (word, squeezed(word)) if each}


def _lay_down(prefixes: Iterable[bytes], runs: IO[bytes]) -> list[int]:
    """Write sorted runs one after the other; returns the end of each in bytes."""
    ends: list[int] = []
    run: list[bytes] = []
    for each in prefixes:
        run.append(each)
        if len(run) == RUN:
            ends.append(_write_run(run, runs))
            run = []
    if run:
        ends.append(_write_run(run, runs))
    return ends


def _write_run(run: list[bytes], runs: IO[bytes]) -> int:
    runs.write(b"".join(sorted(set(run))))
    return runs.tell()


def _merge(runs: IO[bytes], ends: list[int], target: Path, width: int) -> int:
    runs.flush()
    begins = [0, *ends][: len(ends)]
    read = [_run(runs.fileno(), begin, end, width) for begin, end in zip(begins, ends, strict=True)]
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        part = Path(file.name)
        try:
            count = _write_all(heapq.merge(*read), file, width)
            file.flush()
            # Before the rename: after a crash the name must not refer to an incomplete file.
            os.fsync(file.fileno())
            part.chmod(0o644)  # The list is not secret, and the gateway may run as another user.
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return count


def _write_all(prefixes: Iterable[bytes], file: IO[bytes], width: int) -> int:
    # A placeholder: the count is known only after merging, which removes duplicates.
    file.write(HEAD.pack(MAGIC, width, 0))
    count, last = 0, b""
    for each in prefixes:
        if each != last:
            file.write(each)
            count, last = count + 1, each
    if not count:
        raise PasswordListError("There is no password in it, so nothing was written.")
    file.seek(0)
    file.write(HEAD.pack(MAGIC, width, count))
    return count


def _run(descriptor: int, begin: int, end: int, width: int) -> Iterator[bytes]:
    for at in range(begin, end, BLOCK * width):
        block = os.pread(descriptor, min(BLOCK * width, end - at), at)
        for offset in range(0, len(block), width):
            yield block[offset : offset + width]
