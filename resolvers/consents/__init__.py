"""Consents, product news and cookie choices, and the stops of restrictions and objections."""
