"""The states of an act of an operator, as the ledger has them."""

from __future__ import annotations

from typing import Final, Literal, get_args

ActState = Literal["BEGUN", "DONE", "FAILED"]
ACT_STATES: Final[tuple[ActState, ...]] = get_args(ActState)
