"""Look-ups across the two databases: reservation, validation against the data, and sweeping."""
