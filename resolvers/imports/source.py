"""Reads the records of a file in bounded memory: CSV with a header (RFC 4180) or NDJSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal

from resolvers.customers.new_customer_rows import FURTHER
from resolvers.inputs.report import FieldFault, FileFault, ImportFileError

Format = Literal["csv", "ndjson"]

MOST_BYTES = 100_000
"""Maximum bytes of a record. It is below the field limit of Python's csv module (131,072), so it applies first."""

REQUIRED = ("given_name", "family_name", "email", "street", "city", "country")
OPTIONAL = (
    "customer_number", "customer_since", "phone", "street2", "postal_code", "region", "locale", "product_news",
    "services", *FURTHER,
)  # fmt: skip
COLUMNS = REQUIRED + OPTIONAL
"""The columns of CSV and the keys of NDJSON."""


@dataclass(frozen=True, slots=True, repr=False)
class SourceRecord:
    """One record, or the fault because of which it cannot be split into fields."""

    row: int
    line: int
    fields: Mapping[str, Any]
    fault: FieldFault | None = None


class ImportSource:
    """One pass over a file, with its progress (`bytes_done`) and the hash of what was read (`digest`)."""

    def __init__(self, path: Path, format_: Format) -> None:
        self.path, self.format = path, format_
        self.bytes_total = _size(path)
        self.bytes_done = 0
        self._hash = sha256()
        self._line = 0
        self._record_bytes = 0

    @property
    def digest(self) -> bytes:
        """SHA-256 of what was read; equal after a second pass over an unchanged file."""
        return self._hash.digest()

    def records(self) -> Iterator[SourceRecord]:
        """The records in the order of the file; ImportFileError if the file cannot be read."""
        with _opened(self.path) as file:
            yield from self._csv(file) if self.format == "csv" else self._ndjson(file)

    def _lines(self, file: BufferedReader) -> Iterator[str]:
        """Decoded lines with their line ends; the size of a record is limited by `MOST_BYTES`."""
        # Bounded: a file without line breaks must not fill the memory.
        while raw := file.readline(MOST_BYTES + 1):
            self._line += 1
            self._record_bytes += len(raw)
            if self._record_bytes > MOST_BYTES:
                raise ImportFileError(FileFault.TOO_LONG, self._line)
            self._hash.update(raw)
            self.bytes_done += len(raw)
            yield self._decoded(raw)

    def _decoded(self, raw: bytes) -> str:
        try:
            # Spreadsheets put a byte order mark in front.
            return raw.decode("utf-8-sig" if self._line == 1 else "utf-8")
        except UnicodeDecodeError:
            # `from None`: the original exception contains the line, which is personal data.
            raise ImportFileError(FileFault.WRONG_ENCODING, self._line) from None

    def _csv(self, file: BufferedReader) -> Iterator[SourceRecord]:
        lines = self._lines(file)
        first = next(lines, "")
        if not first.strip():
            raise ImportFileError(FileFault.EMPTY)
        # Spreadsheets use semicolons or tabs in many locales.
        delimiter = max(",;\t", key=first.count)
        header = _header(next(csv.reader([first], delimiter=delimiter)))
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        row = 0
        while True:
            line, self._record_bytes = self._line + 1, 0
            try:
                cells = next(reader, None)
            except csv.Error:
                raise ImportFileError(FileFault.BROKEN_QUOTING, line) from None
            if cells is None:
                return
            if not any(cell.strip() for cell in cells):
                continue
            row += 1
            fault = None if len(cells) == len(header) else FieldFault.WRONG_WIDTH
            yield SourceRecord(row, line, dict(zip(header, cells, strict=False)), fault)

    def _ndjson(self, file: BufferedReader) -> Iterator[SourceRecord]:
        row = 0
        for text in self._lines(file):
            self._record_bytes = 0
            if not text.strip():
                continue
            row += 1
            fields = _object(text)
            yield SourceRecord(row, self._line, fields or {}, FieldFault.NOT_JSON if fields is None else None)
        if row == 0:
            raise ImportFileError(FileFault.EMPTY)


def _size(path: Path) -> int:
    try:
        if not path.is_file():
            raise ImportFileError(FileFault.NOT_A_FILE)
        return path.stat().st_size
    except OSError:
        raise ImportFileError(FileFault.NOT_A_FILE) from None


def _opened(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError:
        raise ImportFileError(FileFault.NOT_A_FILE) from None


def _header(cells: list[str]) -> list[str]:
    """The names of the columns; what is unknown is told by its position only, as it may be somebody's data."""
    names = [cell.strip().lower().replace(" ", "_") for cell in cells]
    missing = tuple(name for name in REQUIRED if name not in names)
    if missing:
        raise ImportFileError(FileFault.MISSING_COLUMNS, 1, missing)
    positions = list(enumerate(names, 1))
    if unknown := tuple(place for place, name in positions if name not in COLUMNS):
        raise ImportFileError(FileFault.UNKNOWN_COLUMNS, 1, unknown)
    if doubled := tuple(dict.fromkeys(name for name in names if names.count(name) > 1)):
        raise ImportFileError(FileFault.DUPLICATE_COLUMNS, 1, doubled)
    return names


def _object(text: str) -> dict[str, Any] | None:
    """The line's JSON object, or None; repeated keys are refused, since readers differ on which one counts."""
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated key")
    return found


def _refuse_constant(_name: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")
