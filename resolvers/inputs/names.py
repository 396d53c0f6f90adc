"""Names of columns as the API has them."""

from __future__ import annotations


def camel_case(name: str) -> str:
    """Return the name of a field of the API for that of a column: `postalCode` for `postal_code`."""
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)
