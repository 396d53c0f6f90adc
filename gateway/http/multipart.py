"""Reads the fields of a `multipart/form-data` body (RFC 7578), by the parser of python-multipart, within bounds."""

from __future__ import annotations

from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

LONGEST_TYPE = 256
"""Bytes of a Content-Type; a boundary has 70 at most (RFC 2046 §5.1.1)."""
MOST_PARTS = 40
"""Parts of a body; forms of ours have far fewer fields."""
TYPE = b"multipart/form-data"


def is_multipart(content_type: bytes) -> bool:
    """True if the Content-Type is multipart/form-data."""
    return content_type[:LONGEST_TYPE].partition(b";")[0].strip().lower() == TYPE


def fields_of_multipart(content_type: bytes, body: bytes) -> dict[str, str]:
    """The text fields by name, the first of several equal names; ValueError if the body is not multipart."""
    if len(content_type) > LONGEST_TYPE:
        raise ValueError("the Content-Type is too long")
    boundary = parse_options_header(content_type.decode("latin-1"))[1].get(b"boundary")
    if not boundary:
        raise ValueError("there is no boundary")
    form = _Form()
    try:
        parser = MultipartParser(boundary, form.callbacks(), max_size=len(body))
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise ValueError("it is not multipart") from error
    # The parser accepts a body without its closing boundary; a truncated form must not pass for a whole one.
    if not form.complete:
        raise ValueError("it is cut off")
    return form.fields


class _Form:
    """Collects the fields from the parser's callbacks; files are ignored."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.complete = False
        self._parts = 0
        self._begin()

    def _begin(self) -> None:
        self._header, self._value, self._content = bytearray(), bytearray(), bytearray()
        self._name: str | None = None

    def callbacks(self) -> Any:
        """The callbacks, by the names that the parser gives them."""
        return {
            "on_part_begin": self._part,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_part_data": lambda data, start, end: self._content.extend(data[start:end]),
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _part(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise FormParserError("too many parts")
        self._begin()

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition" and len(self._value) <= LONGEST_TYPE:
            kind, options = parse_options_header(bytes(self._value).decode("latin-1"))
            # No form here takes files, so the content of one is never kept.
            if kind == b"form-data" and b"filename" not in options and b"name" in options:
                self._name = options[b"name"].decode("utf-8", "replace")
        self._header, self._value = bytearray(), bytearray()

    def _part_end(self) -> None:
        if self._name is not None:
            self.fields.setdefault(self._name, self._content.decode("utf-8", "replace"))

    def _end(self) -> None:
        self.complete = True
