"""The forms of what stands on an invoice beside its amounts: its number, quantities, rates of tax."""

from __future__ import annotations

import re
from typing import Final

INVOICE_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,31}", re.ASCII)
"""The number as it is printed."""
QUANTITY: Final = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?", re.ASCII)
RATE: Final = re.compile(r"\d{1,3}(?:\.\d{1,4})?", re.ASCII)
"""A rate of tax in per cent."""
MOST_LINES: Final = 500
"""Maximum lines of one invoice."""
