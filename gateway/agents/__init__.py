"""`/mcp`: the published documents of a client as tools of a language model (Model Context Protocol)."""
