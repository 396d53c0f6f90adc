"""Addresses of the authorization server that others are told (RFC 8414, RFC 9728, OpenID Connect Discovery)."""

from urllib.parse import urlsplit

OPENID = "/.well-known/openid-configuration"
USERINFO = "/oauth/userinfo"
SERVER = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"
MCP = "/mcp"
"""The address of the Model Context Protocol."""
MCP_RESOURCE = f"{RESOURCE}{MCP}"


def metadata_address(well_known: str, identifier: str) -> str:
    """Return where the metadata of an issuer or a resource is: its own path comes after the well-known one.

    Source: RFC 8414 §3.1, RFC 9728 §3.1. OpenID Connect Discovery §4 puts it behind the issuer instead.
    """
    parts = urlsplit(identifier)
    return f"{parts.scheme}://{parts.netloc}{well_known}{parts.path}"
