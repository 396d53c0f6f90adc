"""Reports about the schema, the registers, the store and the ledger."""
