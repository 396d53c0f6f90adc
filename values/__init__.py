"""What single values are: one rule each, for everything that takes, compares, finds or writes them."""
