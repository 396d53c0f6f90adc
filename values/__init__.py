"""Value types with one rule each for validation, comparison, look-ups and output."""
