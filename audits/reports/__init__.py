"""What the audits find in the schema, the registers, the store and the ledger."""
