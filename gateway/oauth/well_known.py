"""Addresses of the authorization server that others are told (RFC 8414, RFC 9728, OpenID Connect Discovery)."""

OPENID = "/.well-known/openid-configuration"
USERINFO = "/oauth/userinfo"
SERVER = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"
MCP = "/mcp"
"""The address of the Model Context Protocol."""
MCP_RESOURCE = f"{RESOURCE}{MCP}"
