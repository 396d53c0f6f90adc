"""The mutations, one file a capability."""
