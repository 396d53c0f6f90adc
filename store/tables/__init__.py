"""The tables of customers' data, one file a capability."""
