"""Reads the lines of a text file in bounded memory, whichever program wrote it: encodings, marks and line ends."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from hashlib import sha256
from io import BufferedReader

from resolvers.inputs.report import FileFault, ImportFileError

MOST_BYTES = 100_000
"""Maximum bytes of a record. It is below the field limit of Python's csv module (131,072), so it applies first."""
CHUNK = 65_536

_SIGNATURES = (
    (b"PK\x03\x04", FileFault.SPREADSHEET),
    (b"\xd0\xcf\x11\xe0", FileFault.SPREADSHEET),
    (b"\x1f\x8b", FileFault.COMPRESSED),
)
"""The first bytes of files that are no text: workbooks of spreadsheets, archives."""
_ANY_END = re.compile(r"\r\n|\r|\n")
_BYTE_ORDER_MARK = "\ufeff"
_END_OF_FILE = "\x1a\0"
"""Ctrl-Z, with which DOS ended a text, and what filled up its last block."""


class TextLines:
    """The lines of one pass over a file, each ended by `\\n`, with the number of the last one and what was read."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._digest = sha256()
        self._decoder: codecs.IncrementalDecoder | None = None
        self._pending = ""
        self._ends: re.Pattern[str] | str | None = None
        self.line = 0
        """The physical line that was read last, counted from 1."""
        self.record_bytes = 0
        """Bytes of the present record; who reads records sets it to 0."""
        self.bytes_done = 0

    @property
    def digest(self) -> bytes:
        """SHA-256 of what was read."""
        return self._digest.digest()

    def __iter__(self) -> Iterator[str]:
        held: str | None = None
        for text in self._texts():
            if held is not None:
                yield self._counted(held)
            held = text
        last = (held or "").rstrip(_END_OF_FILE)  # One line late, as only the last one may end so.
        if last:
            yield self._counted(last)

    def _counted(self, text: str) -> str:
        self.line += 1
        if self.line == 1:
            text = text.lstrip(_BYTE_ORDER_MARK)  # Some programs put a second one in front of the first.
        self.record_bytes += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if self.record_bytes > MOST_BYTES:
            raise ImportFileError(FileFault.TOO_LONG, self.line)
        return f"{text}\n"

    def _texts(self) -> Iterator[str]:
        while chunk := self._file.read(CHUNK):
            self._digest.update(chunk)
            self.bytes_done += len(chunk)
            self._pending += self._decoded(chunk)
            yield from self._whole_lines()
            # Bounded: a file without line ends must not fill the memory.
            if len(self._pending) > MOST_BYTES:
                raise ImportFileError(FileFault.TOO_LONG, self.line + 2)
        self._pending += self._decoded(b"", final=True)
        yield from self._whole_lines(final=True)
        if self._pending:
            yield self._pending

    def _decoded(self, chunk: bytes, final: bool = False) -> str:
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder(_encoding_of(chunk))()
        try:
            return self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            before = self._pending + error.object[: error.start].decode(error.encoding, "ignore")
            line = self.line + 1 + len(_ANY_END.findall(before)) + (1 if self.line else 0)
            # `from None`: the original exception contains the line, which is personal data.
            raise ImportFileError(FileFault.WRONG_ENCODING, line) from None

    def _whole_lines(self, final: bool = False) -> Iterator[str]:
        """Take the lines that are complete off what is pending."""
        if self._ends is None:
            self._ends = _ends_of(self._pending, final)
        if self._ends is None:
            return
        if self._ends == "\n":
            *lines, self._pending = self._pending.split("\n")
            yield from (each.removesuffix("\r") for each in lines)
            return
        # The first half of a `\r\n` may be all that was read so far.
        kept = "\r" if self._pending.endswith("\r") and not final else ""
        *lines, rest = _ANY_END.split(self._pending.removesuffix(kept) if kept else self._pending)
        self._pending = rest + kept
        yield from lines


def _encoding_of(start: bytes) -> str:
    for signature, fault in _SIGNATURES:
        if start.startswith(signature):
            raise ImportFileError(fault)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(start) > 3 and start[1] == 0 == start[3] and start[0] and start[2]:
        return "utf-16-le"
    if len(start) > 3 and start[0] == 0 == start[2] and start[1] and start[3]:
        return "utf-16-be"
    return "utf-8"


def _ends_of(text: str, final: bool) -> str | re.Pattern[str] | None:
    """How lines end, by the first end: with `\\n` (or `\\r\\n`), or with any; None if that cannot be said yet."""
    found = re.search(r"[\r\n]", text)
    if found is None:
        return None
    if found[0] == "\n" or text[found.end() : found.end() + 1] == "\n":
        return "\n"
    return _ANY_END if final or found.end() < len(text) else None
