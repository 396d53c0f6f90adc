"""The outcomes of a letter that a period depends on."""

from __future__ import annotations

from typing import Final, Literal, get_args

LetterOutcome = Literal["DELIVERED", "REFUSED", "GIVEN_UP", "POSTED", "NO_ADDRESS"]
LETTER_OUTCOMES: Final[tuple[LetterOutcome, ...]] = get_args(LetterOutcome)
"""Accepted by the mail server, refused permanently, or undelivered before it expired; sent by post by the operator; or
there is no address."""

FINAL_ANSWERS: Final[tuple[LetterOutcome, ...]] = ("DELIVERED", "REFUSED")
"""Outcomes that a mail server reports, after which it is not asked again."""
WARNED: Final[tuple[LetterOutcome, ...]] = (*FINAL_ANSWERS, "POSTED")
"""Outcomes with which a warning counts: it was delivered, or it is certain that it cannot be."""
