"""Optional dependencies: whether they are installed, which is found out without importing them."""

from functools import cache
from importlib.util import find_spec


@cache
def has_mcp() -> bool:
    """True if the extra `mcp` is installed."""
    return find_spec("mcp") is not None
