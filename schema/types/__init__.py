"""The object types, one file a capability."""
