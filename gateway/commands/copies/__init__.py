"""`gateway data`: copies of the store."""
