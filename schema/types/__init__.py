"""The object types and queries, one file a capability."""
