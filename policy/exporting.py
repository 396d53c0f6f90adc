"""The states of an export, and the forms that each is made in (GDPR Art. 15, 20)."""

from __future__ import annotations

from typing import Final, Literal, get_args

ExportState = Literal["REQUESTED", "READY", "FAILED"]
EXPORT_STATES: Final[tuple[ExportState, ...]] = get_args(ExportState)

ExportForm = Literal["JSON", "HTML", "PORTABLE"]
EXPORT_FORMS: Final[tuple[ExportForm, ...]] = get_args(ExportForm)
