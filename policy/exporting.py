"""The states of an export, and the forms that each is made in (GDPR Art. 15, 20)."""

from __future__ import annotations

from typing import Final, Literal, get_args

ExportState = Literal["REQUESTED", "READY", "FAILED"]
EXPORT_STATES: Final[tuple[ExportState, ...]] = get_args(ExportState)

ExportForm = Literal["JSON", "HTML", "PORTABLE"]
EXPORT_FORMS: Final[tuple[ExportForm, ...]] = get_args(ExportForm)


def seconds_until_worth_asking(state: str) -> int | None:
    """The seconds after which the state may have changed; None if it changes no more by itself."""
    # The worker looks every five seconds; an export of an ordinary customer takes less than one.
    return 10 if state == "REQUESTED" else None
