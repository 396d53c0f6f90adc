"""The end of clients' purposes: last uses, warnings, closings."""
