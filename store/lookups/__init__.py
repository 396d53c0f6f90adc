"""Look-ups reserved, tied to the rows of the data, and swept."""
