"""Who read a customer's data, as the ledger has it."""
