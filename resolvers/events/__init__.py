"""What others are told of as it happens, and the history of changes."""
