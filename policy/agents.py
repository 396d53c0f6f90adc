"""Programs that act on a language model's word (agents): the one action that lets a client have tokens for /mcp."""

from typing import Final

AGENT: Final = "agent"
"""The action of a registered client whose tokens may be meant for the Model Context Protocol's address (RFC 8707)."""
