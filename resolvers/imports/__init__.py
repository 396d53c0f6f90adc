"""Import of customers from a file."""
