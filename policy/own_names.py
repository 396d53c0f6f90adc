"""The client ids that the product reserves for itself in tokens and in the ledger; nobody can register one (O12)."""

import re
from typing import Final

OWN_CLIENTS: Final = frozenset(
    {
        "anonymous",
        "audit-page",
        "client-area",
        "contract",
        "gateway",
        "import",
        "legal",
        "rdap",
        "registrant-link",
        "requests-page",
        "retention",
        "sign-in-pages",
        "unsubscribe-link",
        "web",
    }
)
"""Client ids that ledger entries, tokens and records contain."""
OTHERS: Final = frozenset({"anonymous", "customer", "demo", "gateway-demo", "ledger", "operator", "system", "worker"})
"""Reserved words that readers of the ledger would mistake for one of ours."""
_BETWEEN: Final = re.compile(r"[\s._-]+")


def is_own_name(name: str) -> bool:
    """Return whether a name is reserved, ignoring case, spaces, dots, hyphens and underscores."""
    # Compared without separators and case: `Client Area` or `client_area` in the ledger would be taken for ours.
    return _bare(name) in _OURS


def _bare(name: str) -> str:
    return _BETWEEN.sub("", name).lower()


_OURS: Final = frozenset(map(_bare, OWN_CLIENTS | OTHERS))
