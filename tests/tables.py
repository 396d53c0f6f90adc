"""Tables whose every row must hold: one test that lists all rows that fail, instead of a test for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def hold_for_all(check: Callable[..., None], rows: Iterable[tuple[object, ...]]) -> None:
    """Call `check` with each row; AssertionError with every row for which it raised, and why. No rows is a failure.

    A test of pytest's own for each of a thousand rows takes longer than the rows.
    """
    tried, failures = 0, []
    for row in rows:
        tried += 1
        try:
            check(*row)
        except Exception as failure:  # noqa: BLE001  (whatever it is, the other rows are tried)
            kind = "" if isinstance(failure, AssertionError) else f"{type(failure).__name__} "
            failures.append(f"{', '.join(map(_name, row))}: {kind}{failure}")
    assert tried, "no rows: the test proves nothing"
    if failures:
        raise AssertionError(f"{len(failures)} of {tried} fail:\n" + "\n".join(failures))


def _name(value: object) -> str:
    """A table, a column or a file by its name, all else as Python writes it."""
    return str(getattr(value, "name", None) or repr(value))
