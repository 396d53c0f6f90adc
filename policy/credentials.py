"""The kinds of second factor, the strengths of a password, and the outcomes of a sign-in."""

from __future__ import annotations

from typing import Final, Literal, get_args

FactorKind = Literal["TOTP", "PASSKEY", "RECOVERY_CODES"]
FACTOR_KINDS: Final[tuple[FactorKind, ...]] = get_args(FactorKind)

Strength = Literal["STRONG", "FAIR", "WEAK"]
STRENGTHS: Final[tuple[Strength, ...]] = get_args(Strength)

Outcome = Literal["SUCCEEDED", "FAILED"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
