"""The kinds of paper that are released: the privacy notice, and the record of processing (GDPR Art. 12, 30)."""

from __future__ import annotations

from typing import Final, Literal, get_args

PaperKind = Literal["NOTICE", "RECORD"]
PAPER_KINDS: Final[tuple[PaperKind, ...]] = get_args(PaperKind)
