"""Work repeated until it is told to stop."""
