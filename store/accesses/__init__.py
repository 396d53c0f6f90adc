"""The accesses to a customer's data, as recorded in the ledger."""
