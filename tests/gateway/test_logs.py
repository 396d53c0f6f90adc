"""Log lines: one a record, in either form, and never the text of an exception (D1)."""

from __future__ import annotations

import json
import logging
import sys

from gateway.config.logs import Line, chain

SECRET = "amelie.fontaine@example.com"


def record(message: str = "it failed", **extra: object) -> logging.LogRecord:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(f"about {SECRET}") from error
    except ValueError:
        made = logging.getLogger("test").makeRecord(
            "test", logging.ERROR, __file__, 1, message, (), sys.exc_info(), extra=extra
        )
    return made


def test_an_exception_is_told_by_type_and_place() -> None:
    for form in ("text", "json"):
        line = Line(form).format(record(status=500))
        assert SECRET not in line
        assert "\n" not in line
        assert "ValueError at test_logs.py:" in line
        assert "KeyError at test_logs.py:" in line


def test_json_lines_carry_their_fields() -> None:
    entry = json.loads(Line("json").format(record(status=500, odd=object())))
    assert (entry["level"], entry["message"], entry["status"], entry["odd"]) == ("error", "it failed", 500, "object")


def test_text_lines_carry_their_fields() -> None:
    assert " error   it failed status=500 error=ValueError" in Line("text").format(record(status=500))


def test_a_long_chain_is_cut() -> None:
    error: Exception = ValueError("0")
    for number in range(20):
        following = ValueError(str(number))
        following.__cause__ = error
        error = following
    assert chain(error).count("ValueError") == 5
