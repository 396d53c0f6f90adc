"""The kinds of consent, and its states; `policy.wordings` has the sentence of each kind."""

from __future__ import annotations

from typing import Final, Literal, get_args

ConsentKind = Literal["CARD_STORAGE", "PRODUCT_NEWS", "COOKIE_MEASUREMENT", "WHOIS_PUBLICATION"]
CONSENT_KINDS: Final[tuple[ConsentKind, ...]] = get_args(ConsentKind)

ConsentState = Literal["GIVEN", "WITHDRAWN"]
CONSENT_STATES: Final[tuple[ConsentState, ...]] = get_args(ConsentState)
