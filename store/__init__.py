"""Floor 2: where it rests."""
