"""Reading: filters, column-minimal fetches, the guard that records and opens."""
