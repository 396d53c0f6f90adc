"""The names under which the product itself reads and acts, in tokens and in the ledger: nobody else gets one (O12)."""

import re
from typing import Final

OWN_CLIENTS: Final = frozenset(
    {
        "client-area",
        "gateway",
        "legal",
        "rdap",
        "registrant-link",
        "retention",
        "sign-in-pages",
        "unsubscribe-link",
        "web",
    }
)
"""Ids that ledger entries, tokens and records name as their client."""
OTHERS: Final = frozenset({"anonymous", "customer", "demo", "gateway-demo", "ledger", "operator", "system", "worker"})
"""Words that would be taken for one of ours."""
_BETWEEN: Final = re.compile(r"[\s._-]+")


def is_own_name(name: str) -> bool:
    """Whether a name is one of ours, however it is spaced, dotted or written."""
    return _bare(name) in _OURS


def _bare(name: str) -> str:
    return _BETWEEN.sub("", name).lower()


_OURS: Final = frozenset(map(_bare, OWN_CLIENTS | OTHERS))
