"""Registration of customers, and their profile."""
