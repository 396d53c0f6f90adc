"""Reads the records of a file in bounded memory: CSV with a header (RFC 4180) or NDJSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal

from resolvers.imports.columns import CUSTOMERS, FileLayout, Renamed, folded, read_header
from resolvers.imports.text_lines import TextLines
from resolvers.inputs.report import FieldFault, FileFault, ImportFileError

Format = Literal["csv", "ndjson"]

DELIMITERS = ",;\t"
"""Spreadsheets use semicolons or tabs in many locales."""

_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?', re.IGNORECASE)
_BLANK = f'{DELIMITERS} \r\n\x1a\0\ufeff"'


@dataclass(frozen=True, slots=True, repr=False)
class SourceRecord:
    """One record, or the fault because of which it cannot be split into fields."""

    row: int
    line: int
    fields: Mapping[str, Any]
    fault: FieldFault | None = None
    columns: Mapping[str, int] | None = None
    """The positions of the columns in the file; None for NDJSON, where they are those of the keys."""


class ImportSource:
    """One pass over a file, with its progress (`bytes_done`) and the hash of what was read (`digest`).

    `renamed` are the names that columns have in the file.
    """

    def __init__(
        self, path: Path, format_: Format, renamed: Renamed | None = None, layout: FileLayout = CUSTOMERS
    ) -> None:
        self.path, self.format, self.renamed, self._layout = path, format_, renamed or {}, layout
        self.bytes_total = _size(path)
        self._lines: TextLines | None = None

    @property
    def bytes_done(self) -> int:
        """Bytes that were read."""
        return 0 if self._lines is None else self._lines.bytes_done

    @property
    def digest(self) -> bytes:
        """SHA-256 of what was read; equal after a second pass over an unchanged file."""
        return b"" if self._lines is None else self._lines.digest

    def records(self) -> Iterator[SourceRecord]:
        """The records in the order of the file; ImportFileError if the file cannot be read."""
        with _opened(self.path) as file:
            self._lines = TextLines(file)
            yield from self._csv(self._lines) if self.format == "csv" else self._ndjson(self._lines)

    def _csv(self, source: TextLines) -> Iterator[SourceRecord]:
        lines = iter(source)
        first, delimiter = _first_line(lines)
        try:
            cells = next(csv.reader([first], delimiter=delimiter))
            header = read_header(cells, self.renamed, source.line, self._layout)
        except csv.Error:
            raise ImportFileError(FileFault.BROKEN_QUOTING, source.line) from None
        columns = {name: at for at, name in enumerate(header, 1) if name}
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        row = 0
        while True:
            line, source.record_bytes = source.line + 1, 0
            try:
                record = next(reader, None)
            except csv.Error:
                raise ImportFileError(FileFault.BROKEN_QUOTING, line) from None
            if record is None:
                return
            cells = record
            if not any(cell.strip(_BLANK) for cell in cells):
                continue
            row += 1
            while len(cells) > len(header) and not cells[-1].strip():
                cells.pop()
            fault = None if len(cells) == len(header) else FieldFault.WRONG_WIDTH
            fields = {name: cell for name, cell in zip(header, cells, strict=False) if name}
            yield SourceRecord(row, line, fields, fault, columns)

    def _ndjson(self, source: TextLines) -> Iterator[SourceRecord]:
        row = 0
        for text in source:
            source.record_bytes = 0
            if not text.strip(_BLANK):
                continue
            row += 1
            fields = _object(text)
            fault = FieldFault.NOT_JSON if fields is None else None
            yield SourceRecord(row, source.line, self._own_names(fields or {}), fault)
        if row == 0:
            raise ImportFileError(FileFault.EMPTY)

    def _own_names(self, fields: dict[str, Any]) -> dict[str, Any]:
        if not self.renamed:
            return fields
        named = ((self.renamed.get(folded(key), key), value) for key, value in fields.items())
        return {key: value for key, value in named if key}


def _first_line(lines: Iterator[str]) -> tuple[str, str]:
    """The line that names the columns, and the delimiter; spreadsheets may say it in a line of its own (`sep=;`)."""
    delimiter = None
    for text in lines:
        if not text.strip(_BLANK):
            continue
        if delimiter is None and (found := _SEPARATOR.fullmatch(text.strip("\r\n "))):
            delimiter = found[1]
            continue
        return text, delimiter or max(DELIMITERS, key=text.count)
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
