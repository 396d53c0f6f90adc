"""What a domain name is, and the one form in which it is stored and compared."""

from __future__ import annotations

LONGEST = 255


def normal(text: str) -> str | None:
    """The name in small letters without the last dot, Unicode by its A-labels (RFC 5891); None for what is no name."""
    name = text.strip().rstrip(".").lower()
    if not name or len(name) > LONGEST or "." not in name:
        return None
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = ascii_name.split(".")
    fine = all(each and each.replace("-", "").isalnum() and not each.startswith("-") for each in labels)
    return ascii_name if fine else None
