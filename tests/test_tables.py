"""A table that must hold names every row that does not."""

from __future__ import annotations

import pytest

from tests.tables import hold_for_all


def _even(number: int, divisor: int) -> None:
    assert number // divisor % 2 == 0, "odd"


def test_every_row_that_fails_is_named_and_why() -> None:
    with pytest.raises(AssertionError) as failed:
        hold_for_all(_even, [(2, 1), (3, 1), (4, 0), (5, 1)])
    text = str(failed.value)
    assert text.startswith("3 of 4 fail:\n")
    assert all(each in text for each in ("\n3, 1: odd", "\n4, 0: ZeroDivisionError ", "\n5, 1: odd"))
    assert "2, 1" not in text


def test_rows_that_hold_pass_and_no_rows_fail() -> None:
    hold_for_all(_even, [(2, 1), (4, 2)])
    with pytest.raises(AssertionError, match="no rows"):
        hold_for_all(_even, [])
